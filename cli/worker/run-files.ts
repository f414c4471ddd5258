/** What a run needs beside words: the transcript of its session, to and from the server, and the task's attachments. */
import { ATTACHMENT_PATH, LARGEST_TRANSCRIPT_BYTES, TRANSCRIPT_PATH } from '../../src/contract/endpoints.ts';
import { refusalOf } from '../answer.ts';
import { headersFor, pathOf } from '../call.ts';
import type { ClientConfig } from '../config.ts';
import type { HttpAnswer, Transport } from '../http.ts';
import { orAborted } from './or-aborted.ts';
import { retry, USUAL, type Pace, type Patience } from '../retry.ts';

export interface RunFiles {
  /** As gzip. */
  transcript(at: FileOf): Promise<Buffer>;
  putTranscript(at: FileOf, packed: Uint8Array): Promise<void>;
  dropTranscript(at: FileOf): Promise<void>;
  attachment(at: FileOf, number: number): Promise<Buffer>;
}

export interface FileOf {
  readonly taskId: number;
  readonly leaseId: string;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

export interface RunFilesDeps {
  readonly config: ClientConfig;
  readonly transport: Transport;
  readonly pace: Pace;
}

const TIMEOUT_MS = 120_000;
/** More than anybody can attach. */
const LARGEST_ATTACHMENT = 100 * 1024 * 1024;

interface Wanted {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, number>>;
  readonly body?: Uint8Array;
  readonly largestBytes?: number;
}

export function createRunFiles({ config, transport, pace }: RunFilesDeps): RunFiles {
  function send({ method, path, query, body, largestBytes }: Wanted, at: FileOf): Promise<HttpAnswer> {
    const { taskId: id, leaseId: lease_id, signal, patience = USUAL } = at;
    const packed = body && { 'content-type': 'application/gzip', 'content-length': String(body.length) };
    return retry(
      async () => {
        const answer = await transport.send({
          method,
          url: config.apiUrl + pathOf(path, { id, query: { lease_id, ...query } }),
          headers: { ...headersFor(config.apiKey), accept: '*/*', 'accept-encoding': 'identity', ...packed },
          body,
          timeoutMs: TIMEOUT_MS,
          signal,
          largestBytes,
        });
        const refusal = refusalOf(answer, pace.now());
        if (refusal !== undefined) throw refusal;
        return answer;
      },
      {
        ...pace,
        sleep: async (ms) => {
          await orAborted(pace.sleep(ms), signal);
        },
      },
      patience,
    );
  }
  return {
    async transcript(at) {
      const wanted = {
        method: 'GET',
        path: TRANSCRIPT_PATH,
        largestBytes: LARGEST_TRANSCRIPT_BYTES,
      } as const;
      return (await send(wanted, at)).bytes;
    },
    async putTranscript(at, body) {
      await send({ method: 'PUT', path: TRANSCRIPT_PATH, body }, at);
    },
    async dropTranscript(at) {
      await send({ method: 'DELETE', path: TRANSCRIPT_PATH }, at);
    },
    async attachment(at, number) {
      const path = ATTACHMENT_PATH;
      return (await send({ method: 'GET', path, query: { number }, largestBytes: LARGEST_ATTACHMENT }, at))
        .bytes;
    },
  };
}
