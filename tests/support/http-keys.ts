/** Named keys for tests: made over the API, used in a header. */
import type { KeyScope } from '../../src/core/vocabulary.ts';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createApi, type Send, type Sent } from './http-world.ts';

export interface MadeKey {
  readonly id: string;
  readonly secret: string;
  readonly send: Send;
  readonly api: ReturnType<typeof createApi>;
}

/** A key made by the owner, and a way to call with it. */
export async function makeKey(
  send: Send,
  scope: KeyScope,
  more: { name?: string; instance_id?: string } = {},
): Promise<MadeKey> {
  const body = { name: `${scope} key`, scope, ...more };
  const reply = await send('POST', '/api/keys', { body });
  if (reply.status !== 201) throw new Error(`no key: ${reply.text}`);
  const { key, secret } = reply.as(ENDPOINTS.addKey.answer);
  const withKey = withSecret(send, secret ?? '');
  return { id: key.id, secret: secret ?? '', send: withKey, api: createApi(withKey) };
}

export function withSecret(send: Send, secret: string): Send {
  return (method, path, sent: Sent = {}) =>
    send(method, path, { ...sent, headers: { 'x-api-key': secret, ...sent.headers } });
}
