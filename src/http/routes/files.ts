/** Transcripts and attachments: the only bodies that are no JSON, streamed to and from files beside the database. */
import type { Context } from 'hono';
import { ATTACHMENT_PATH, LARGEST_TRANSCRIPT_BYTES, TRANSCRIPT_PATH } from '../../contract/endpoints.ts';
import { nameText } from '../../contract/primitives.ts';
import { DomainError } from '../../core/errors.ts';
import { OWNER_KEY, requireScope } from '../../core/key.ts';
import type { FileContent } from '../../core/run-files.ts';
import { required } from '../../core/task.ts';
import { ok, REQUEST_ID_HEADER, SAFETY_HEADERS } from '../answers.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp, HttpEnv } from '../env.ts';
import { createFileAccess } from '../file-access.ts';
import { readTaskId } from '../queries.ts';
import { Refusal } from '../refusal.ts';
import { readCount } from '../run-queries.ts';
import { gzipOf } from '../uploads.ts';

const leaseIdText = nameText('lease_id');

export function addFileRoutes(app: HttpApp, deps: RouteDeps): void {
  const { store, files, keyring } = deps;
  const access = createFileAccess(deps);

  function writerOf(c: Context<HttpEnv>) {
    const key = c.get('key');
    requireScope(key, 'worker');
    const taskId = readTaskId(c);
    const leaseId = readLease(c);
    if (leaseId === null)
      throw new DomainError('invalid_input', 'lease_id is required.', { field: 'lease_id' });
    return { key, taskId, mayWrite: () => access.requireWriter({ taskId, leaseId, key }) };
  }

  app.put(TRANSCRIPT_PATH, async (c) => {
    const { key, taskId, mayWrite } = writerOf(c);
    await mayWrite();
    const content = gzipOf(c, LARGEST_TRANSCRIPT_BYTES);
    const bytes = await files.putTranscript({
      taskId,
      content,
      async mayReplace() {
        keyring.requireLive(key);
        await mayWrite();
      },
    });
    return ok(c, { bytes });
  });

  /** One that has grown too large for the next run, which is to begin afresh rather than with an older one. */
  app.delete(TRANSCRIPT_PATH, async (c) => {
    const { taskId, mayWrite } = writerOf(c);
    await mayWrite();
    await files.dropTranscript(taskId);
    return ok(c, { bytes: 0 });
  });

  app.get(TRANSCRIPT_PATH, async (c) => {
    const taskId = readTaskId(c);
    required(await store.task(taskId), taskId);
    await access.requireReader({ taskId, leaseId: readLease(c), key: c.get('key') });
    const found = await files.transcript(taskId);
    if (found === null) throw new Refusal('not_found', `Task #${taskId} has no transcript.`);
    return download(c, found, { type: 'application/gzip', name: `task-${taskId}.jsonl.gz` });
  });

  addAttachmentRoute(app, deps, access);
}

function addAttachmentRoute(
  app: HttpApp,
  { store, files }: RouteDeps,
  access: ReturnType<typeof createFileAccess>,
): void {
  app.get(ATTACHMENT_PATH, async (c) => {
    const taskId = readTaskId(c);
    required(await store.task(taskId), taskId);
    const number = readCount(c, 'number', { min: 1, max: 1000, otherwise: 1 });
    if (c.get('key').id !== OWNER_KEY.id) {
      await access.requireReader({ taskId, leaseId: readLease(c), key: c.get('key') });
    }
    const attachment = (await store.attachments(taskId)).find((one) => one.number === number);
    if (!attachment) throw new Refusal('not_found', `Task #${taskId} has no attachment ${number}.`);
    const found = await files.attachment(attachment.file);
    if (found === null) throw new Refusal('not_found', goneText(taskId, number));
    return download(c, found, attachment);
  });
}

function goneText(taskId: number, number: number): string {
  return `Attachment ${number} of task #${taskId} is gone: the server deletes files some time after the end of their task.`;
}

function readLease(c: Context<HttpEnv>): string | null {
  const text = c.req.query('lease_id');
  if (text === undefined || text === '') return null;
  const parsed = leaseIdText.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new DomainError('invalid_input', 'lease_id must be a lease id.', { field: 'lease_id' });
}

/** Never shown by a browser, whatever it is: only kept as a file. */
function download(
  c: Context<HttpEnv>,
  { bytes, content }: FileContent,
  { type, name }: { type: string; name: string },
): Response {
  return new Response(content, {
    headers: {
      ...SAFETY_HEADERS,
      'content-type': type,
      'content-length': String(bytes),
      'content-disposition': `attachment; filename*=UTF-8''${encoded(name)}`,
      [REQUEST_ID_HEADER]: c.get('requestId'),
    },
  });
}

/** As RFC 5987 wants it; a name of ours is well-formed. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
