/**
 * What workers make the names of their accounts with: the server learns which runs share one, and never a credential.
 * Made once and kept for good, so that an account has the same name after a restart.
 */
import { randomBytes } from 'node:crypto';
import type { Store } from '../core/ports.ts';

const NAME = 'account_salt';

export function createAccountSalt({ store }: { store: Pick<Store, 'memory'> }): () => Promise<string> {
  const memory = store.memory('http');
  let salt: Promise<string> | null = null;

  async function findOrMake(): Promise<string> {
    const kept = await memory.value(NAME);
    if (kept !== null) return kept;
    const made = randomBytes(32).toString('base64url');
    await memory.save({ values: { [NAME]: made } });
    return made;
  }

  return () => {
    salt ??= findOrMake().catch((error: unknown) => {
      // The next heartbeat tries again.
      salt = null;
      throw error;
    });
    return salt;
  };
}
