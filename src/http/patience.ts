/** How long somebody waits: until their connection has gone, or the key that they came by. */
import type { Context } from 'hono';
import type { HttpEnv } from './env.ts';
import type { Keyring } from './keyring.ts';

export interface Patience {
  /** Sets what is called when the wait is over; at once if it is already. */
  readonly onOver: (leave: () => void) => void;
  readonly end: () => void;
}

export function patienceFor(c: Context<HttpEnv>, keyring: Pick<Keyring, 'isLive' | 'onRevoked'>): Patience {
  const key = c.get('key');
  const { outgoing } = c.env;
  let leave: () => void = () => undefined;
  const gone = () => {
    leave();
  };
  const forget = keyring.onRevoked(key, gone);
  outgoing?.once('close', gone);
  return {
    onOver(called) {
      leave = called;
      if (outgoing?.destroyed === true || !keyring.isLive(key)) called();
    },
    end() {
      forget();
      outgoing?.off('close', gone);
    },
  };
}
