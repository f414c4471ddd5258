import type { JsonObject } from '../json.ts';
import type { UploadedFile } from '../limits/message.ts';
import { attachmentWire, storeFile } from '../world/files.ts';
import type { World } from '../world/world.ts';

/** A file that a person sends along. */
export interface TwinFile {
  readonly name: string;
  readonly content: string | Buffer;
  /** A media type; left out, Discord names none. */
  readonly type?: string;
  /** What Discord says of its size, where that is not the truth. */
  readonly claimedBytes?: number;
}

export function isTwinFile(value: unknown): value is TwinFile {
  return typeof value === 'object' && value !== null && 'content' in value;
}

export function toUpload({ name, content, type, claimedBytes }: TwinFile): UploadedFile {
  const bytes = Buffer.from(content);
  return { name, bytes: claimedBytes ?? bytes.length, content: bytes, type: type ?? null };
}

/** Takes the files of a command's options, and tells of them as the gateway does. */
export function createOptionFiles(world: World, userId: string) {
  const attachments: JsonObject = {};
  return {
    upload: (value: unknown): string | undefined => {
      if (!isTwinFile(value)) return undefined;
      const stored = storeFile(world, toUpload(value), `ephemeral-attachments/${userId}`);
      attachments[stored.id] = { ...attachmentWire(stored), ephemeral: true };
      return stored.id;
    },
    resolved: () => (Object.keys(attachments).length === 0 ? {} : { resolved: { attachments } }),
  };
}
