/** Says at the start when keys and tasks would travel in the clear. */
import type { Config } from './config.ts';
import type { Logger } from './core/ports.ts';

export function warnOfExposure({ host, behindTls }: Config['http'], logger: Pick<Logger, 'warn'>): void {
  if (behindTls || isLoopback(host)) return;
  logger.warn(
    { host },
    'the API listens beyond this machine without TLS: whoever is on the way can read keys and tasks. ' +
      'Set API_HOST=127.0.0.1 and put a reverse proxy with TLS in front, ' +
      'or set API_BEHIND_TLS=yes if there is one already or you trust the network',
  );
}

function isLoopback(host: string): boolean {
  return /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1)$/i.test(host);
}
