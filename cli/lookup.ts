/**
 * Looks up a host name in another process. The system's own lookup cannot be interrupted, and Node waits for it
 * before it ends (6 s and more where name servers are silent); another process can be killed. So a command with a
 * deadline asks this way. Addresses and `localhost` need no asking.
 */
import type { LookupFunction } from 'node:net';
import { codeOf } from './errors.ts';

export interface OutsideLookup {
  readonly lookup: LookupFunction;
  stop(): void;
}

/** Where there is no `getent`, Node itself is the other process: slower to start, but everywhere. */
const NODE_LOOKUP = `require('node:dns').lookup(process.argv[1], { all: true }, (error, found) => {
  if (error) process.exit(2);
  for (const { address } of found) console.log(address);
});`;

export function createOutsideLookup(platform: NodeJS.Platform): OutsideLookup {
  const control = new AbortController();
  const known = new Map<string, Promise<string[]>>();

  const run = (command: string, args: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      const { execFile } = process.getBuiltinModule('node:child_process');
      const options = { signal: control.signal, killSignal: 'SIGKILL', windowsHide: true } as const;
      execFile(command, args, options, (error, stdout) => {
        if (error) reject(new Error(error.message, { cause: error }));
        else resolve(addressesIn(stdout));
      });
    });
  const viaNode = (host: string) => run(process.execPath, ['-e', NODE_LOOKUP, host]);
  const ask = (host: string) =>
    platform === 'linux'
      ? run('getent', ['ahosts', host]).catch((error: unknown) => {
          if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return viaNode(host);
          throw error;
        })
      : viaNode(host);

  return {
    lookup: (host, options, callback) => {
      const asked = known.get(host) ?? (isPlain(host) ? ask(host) : Promise.resolve([]));
      known.set(host, asked);
      asked.then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
          const [first] = found;
          if (first === undefined) callback(notFound(host), []);
          else if (options.all === true) callback(null, found);
          else callback(null, first.address, first.family);
        },
        () => {
          callback(notFound(host), []);
        },
      );
    },
    stop: () => {
      control.abort();
    },
  };
}

/** Nothing that a program could take for an option. */
function isPlain(host: string): boolean {
  return /^[a-z0-9_][a-z0-9._-]*$/i.test(host);
}

/** Each line of `getent ahosts` begins with an address; each address comes once for every kind of socket. */
function addressesIn(text: string): string[] {
  const first = text.split('\n').map((line) => line.split(/\s/, 1)[0] ?? '');
  return [...new Set(first.filter((address) => address !== ''))];
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} was not found`), { code: 'ENOTFOUND' });
}
