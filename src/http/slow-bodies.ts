/**
 * How long a body may take. Most are small, and one that does not come whole in time is cut off. A transcript may be
 * as large as a slow line needs minutes for, so of that only some progress is asked.
 */
import type { IncomingMessage } from 'node:http';

export interface BodyPatience {
  /** For a whole body; and of an upload, how often its progress is looked at. */
  readonly bodyMs: number;
  /** Called once for a body that takes too long. */
  readonly late: (incoming: IncomingMessage) => void;
}

/** An upload that brings less between two looks has stopped. */
const LEAST_PROGRESS_BYTES = 16 * 1024;
const UPLOAD = /^\/api\/tasks\/\d+\/transcript(?:\?|$)/;

export function watchBody(incoming: IncomingMessage, { bodyMs, late }: BodyPatience): void {
  if (!hasBody(incoming)) return;
  const isUpload = incoming.method === 'PUT' && UPLOAD.test(incoming.url ?? '');
  const { socket } = incoming;
  let seen = socket.bytesRead;

  function look(): void {
    if (incoming.complete || socket.destroyed) return;
    const came = socket.bytesRead - seen;
    seen = socket.bytesRead;
    if (isUpload && came >= LEAST_PROGRESS_BYTES) timer.refresh();
    else late(incoming);
  }

  const timer = setTimeout(look, bodyMs).unref();
  incoming.once('close', () => {
    clearTimeout(timer);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
