/** Named keys: see them, make one, revoke one. The secret of a new one is printed once and kept nowhere. */
import { AddKey, type AddedKey, type KeyView } from '../../src/contract/key.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { ago } from '../format.ts';
import { text } from '../given.ts';
import { safeLine } from '../text.ts';
import { tableLines, type Cell } from '../table.ts';

export async function run(deps: Deps, given: Given): Promise<Outcome> {
  const [action = 'list', name] = given.words;
  if (action === 'list' && name === undefined) return list(deps, given.options['all'] === true);
  if (action === 'add' && name !== undefined) return add(deps, name, given);
  if (action === 'revoke' && name !== undefined) return revoke(deps, name, given.options['yes'] === true);
  throw usageError(
    'Say "keys list", "keys add NAME --scope SCOPE" or "keys revoke ID".',
    'See "claude-task-client keys --help".',
  );
}

async function list({ api, io, host }: Deps, isAll: boolean): Promise<Outcome> {
  const answer = await api().listKeys(isAll);
  if (answer.keys.length === 0)
    return { json: answer, lines: ['No named keys; "claude-task-client keys add --help" tells how.'] };
  const cells = (key: KeyView): Cell[] => [
    { text: safeLine(key.id) },
    { text: safeLine(key.scope) },
    { text: usedText(key, host.now()) },
    { text: nameText(key) },
  ];
  const lines = tableLines({
    headings: ['ID', 'SCOPE', 'LAST USED', 'NAME'],
    rows: answer.keys.map(cells),
    width: io.width,
    paintHeading: io.paint.bold,
  });
  return { json: answer, lines };
}

function usedText({ last_used_at: used, revoked_at: revoked }: KeyView, now: number): string {
  if (revoked !== null) return 'revoked';
  return used === null ? 'never' : ago(used, now);
}

function nameText({ name, instance_id: instance }: KeyView): string {
  return safeLine(instance === null ? name : `${name} [for ${instance}]`);
}

async function add(deps: Deps, name: string, { options }: Given): Promise<Outcome> {
  const instance = text(options['instance']);
  const wish = AddKey.safeParse({
    name,
    scope: text(options['scope']),
    ...(instance !== undefined && { instance_id: instance }),
  });
  if (!wish.success) {
    const message = wish.error.issues[0]?.message ?? 'That is not a key.';
    throw usageError(message, 'Example: keys add mac --scope worker --instance mac.');
  }
  const answer = await withSecret(deps, wish.data);
  const { key, secret } = answer;
  return {
    json: answer,
    lines: [`🔑 Key ${safeLine(key.id)} added: ${nameText(key)}, ${safeLine(key.scope)}`, safeLine(secret)],
    remark: `Copy it now: it is shown this once. ${nextStep(key)}`,
  };
}

function nextStep({ instance_id: instance }: KeyView): string {
  const login = 'On its machine: claude-task-client login';
  return instance === null ? login : `${login}; set CLAUDE_INSTANCE=${safeLine(instance)} there`;
}

/**
 * The server says a secret once. If that answer was lost on the way, nobody has it and nobody ever will: that key
 * is revoked and another one made in its place.
 */
async function withSecret({ api }: Deps, wish: AddKey): Promise<AddedKey & { secret: string }> {
  const first = await api().addKey(wish);
  if (first.secret !== null) return { ...first, secret: first.secret };
  await api().revokeKey(first.key.id);
  const second = await api().addKey(wish);
  if (second.secret !== null) return { ...second, secret: second.secret };
  throw new ClientError('bad_answer', `The secret of key ${second.key.id} was lost on the way.`, {
    hint: `Run "claude-task-client keys revoke ${safeLine(second.key.id)}", then add it again.`,
  });
}

async function revoke(deps: Deps, named: string, isSure: boolean): Promise<Outcome> {
  const { keys } = await deps.api().listKeys(true);
  const key = findKey(keys, named);
  if (key === undefined) {
    const hint = 'See "claude-task-client keys list".';
    throw new ClientError('not_found', `There is no key "${safeLine(named)}".`, { hint });
  }
  if (key.revoked_at !== null) {
    return { json: { key }, lines: [`Key ${safeLine(key.id)} was revoked already: ${nameText(key)}`] };
  }
  if (!isSure) await confirm(deps, key);
  const answer = await deps.api().revokeKey(key.id);
  return { json: answer, lines: [`🔒 Key ${safeLine(key.id)} revoked: ${nameText(key)}`] };
}

/** By its id; else the live one of that name, or the last one that had it. */
function findKey(keys: readonly KeyView[], named: string): KeyView | undefined {
  const sameName = keys.filter(({ name }) => name === named);
  const live = sameName.find(({ revoked_at: revoked }) => revoked === null);
  return keys.find(({ id }) => id === named) ?? live ?? sameName.at(-1);
}

async function confirm({ io }: Deps, key: KeyView): Promise<void> {
  if (!io.isInteractive) {
    throw usageError('Whoever uses that key is shut out at once.', 'Add --yes to confirm.');
  }
  const reply = await io.ask(`⚠️ Revoke ${nameText(key)} (${safeLine(key.scope)}) for good? [y/N] `);
  if (!/^y(es)?$/i.test(reply.trim())) throw new ClientError('not_confirmed', 'Nothing was done.');
}
