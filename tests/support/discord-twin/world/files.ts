import type { JsonObject } from '../json.ts';
import type { UploadedFile } from '../limits/message.ts';
import type { Attachment } from './model.ts';
import type { World } from './world.ts';

/** A file as the network of Discord serves it. */
export interface ServedFile {
  readonly content: Buffer;
  readonly type: string | null;
}

/** Keeps a file under an address of its own, signed as Discord signs them: the query belongs to it. */
export function storeFile(world: World, file: UploadedFile, folder: string): Attachment {
  const id = world.newId();
  const path = `/${folder}/${id}/${encodeURIComponent(file.name)}`;
  world.files.set(path, { content: file.content, type: file.type });
  return {
    id,
    filename: file.name,
    size: file.bytes,
    text: file.content.toString('utf8'),
    contentType: file.type,
    url: `${world.cdnUrl()}${path}?ex=0&is=0&hm=0`,
  };
}

export function attachmentWire(file: Attachment): JsonObject {
  return {
    id: file.id,
    filename: file.filename,
    size: file.size,
    url: file.url,
    proxy_url: file.url,
    ...(file.contentType === null ? {} : { content_type: file.contentType }),
  };
}
