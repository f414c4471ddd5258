/** Fetches what is no JSON, such as a session's transcript: with the same key, limits and repeats as every call. */
import { refusalOf } from './answer.ts';
import { explain, headersFor, pathOf, type CallDeps } from './call.ts';
import { retry, USUAL } from './retry.ts';

export interface Wanted {
  /** Of the contract, as in `/api/tasks/:id/transcript`. */
  readonly path: string;
  readonly id: number;
  readonly largestBytes: number;
}

export type Download = (wanted: Wanted) => Promise<Buffer>;

/** Large files through slow lines take their time; a server that says nothing at all is given up as late. */
const TIMEOUT_MS = 120_000;

export function createDownload(deps: Omit<CallDeps, 'pending' | 'newKey'>): Download {
  const { config, transport, pace, signal } = deps;
  async function attempt({ path, id, largestBytes }: Wanted): Promise<Buffer> {
    const answer = await transport.send({
      method: 'GET',
      url: config.apiUrl + pathOf(path, { id }),
      // As it lies there: nothing on the way is to unpack or pack it.
      headers: { ...headersFor(config.apiKey), accept: '*/*', 'accept-encoding': 'identity' },
      timeoutMs: TIMEOUT_MS,
      signal,
      largestBytes,
    });
    const refusal = refusalOf(answer, pace.now());
    if (refusal !== undefined) throw refusal;
    return answer.bytes;
  }
  return (wanted) =>
    retry(() => attempt(wanted), pace, USUAL).catch((error: unknown) => {
      throw explain(error, config);
    });
}
