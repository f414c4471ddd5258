/**
 * What a push asks for, read from its first lines before anything is sent on: the proxy's path can be seen in the
 * list of processes while git runs, so that it must be good for nothing but the one push that it was opened for.
 */

/** Full name of a ref to what it is to become; forty zeros delete it. */
export type AllowedRefs = Readonly<Record<string, string>>;

export const DELETED = '0'.repeat(40);

const LARGEST_HEAD = 1024 * 1024;
const HEX = /^[0-9a-f]{4}$/;

export class PushRefused extends Error {}

/** Passes the body on, chunk by chunk, once its commands are seen to be the allowed ones. */
export async function* filteredPush(
  body: AsyncIterable<Buffer>,
  allowed: AllowedRefs,
): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let isThrough = false;
  for await (const chunk of body) {
    if (isThrough) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length > LARGEST_HEAD) throw new PushRefused('too many refs');
    const commands = commandsOf(head);
    if (commands === undefined) continue;
    check(commands, allowed);
    isThrough = true;
    yield head;
  }
  if (!isThrough) throw new PushRefused('no commands');
}

/** Undefined while the flush that ends them has not arrived. */
function commandsOf(head: Buffer): string[] | undefined {
  const commands: string[] = [];
  for (let at = 0; at + 4 <= head.length;) {
    const size = head.toString('latin1', at, at + 4);
    if (!HEX.test(size)) throw new PushRefused('no packet line');
    const length = Number.parseInt(size, 16);
    if (length === 0) return commands;
    if (length <= 4) throw new PushRefused('no packet line');
    if (at + length > head.length) return undefined;
    commands.push(head.toString('utf8', at + 4, at + length).split('\0')[0] ?? '');
    at += length;
  }
  return undefined;
}

function check(commands: readonly string[], allowed: AllowedRefs): void {
  for (const command of commands) {
    const [, to = '', ref = ''] = /^[0-9a-f]{40} ([0-9a-f]{40}) ([^\n]+)\n?$/.exec(command) ?? [];
    if (!Object.hasOwn(allowed, ref) || allowed[ref] !== to) throw new PushRefused('not this ref');
  }
}
