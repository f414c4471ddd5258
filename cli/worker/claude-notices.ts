/** What a session goes through beside its work, in words for whoever watches: waits for the API, and what it changed. */
import type { SdkMessage } from './claude-sdk.ts';

/** Shorter waits are over before anybody has read of them. */
const SHORTEST_WAIT_MS = 2_000;

/** Null: nothing that people would want to know. */
export function noticeOf(message: SdkMessage): string | null {
  if (message.type !== 'system') return null;
  switch (message.subtype ?? '') {
    case 'api_retry':
      return retryNotice(message);
    case 'compact_boundary':
      return 'The conversation came near its limit and was summarised: details of its beginning are gone.';
    case 'model_fallback':
      return message.content ?? 'The model could not answer: another one goes on.';
    default:
      return null;
  }
}

function retryNotice({ attempt, max_retries, retry_delay_ms = 0, error_status }: SdkMessage): string | null {
  if (retry_delay_ms < SHORTEST_WAIT_MS) return null;
  const seconds = Math.round(retry_delay_ms / 1_000);
  const tries = attempt === undefined || max_retries === undefined ? '' : `, ${attempt} of ${max_retries}`;
  return `${reasonOf(error_status ?? null)}: trying again in ${seconds} s${tries}.`;
}

function reasonOf(status: number | null): string {
  if (status === null) return 'The model cannot be reached';
  if (status === 429) return 'The limit of requests to the model is reached (429)';
  return status === 529 ? 'The model is overloaded (529)' : `The model answers ${status}`;
}
