/** Named keys: the list, a new one with its secret, and the end of one. */
import type { Context } from 'hono';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import type { Key } from '../../core/key.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp, HttpEnv } from '../env.ts';
import { makeKeyText, sha256 } from '../key-text.ts';
import { mount } from '../mount.ts';
import { Refusal } from '../refusal.ts';
import { toKeyView } from '../views.ts';

export function addKeyRoutes(app: HttpApp, { store, keys, writes }: RouteDeps): void {
  mount(app, 'listKeys', async (c) => {
    const isWanted = c.req.query('all') === 'true' ? () => true : isLive;
    return ok(c, { keys: (await store.keys()).filter(isWanted).map(toKeyView) });
  });

  mount(app, 'addKey', async (c) => {
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.addKey.body);
    const { id, text: secret } = makeKeyText();
    const wanted = {
      id,
      hash: sha256(secret).toString('hex'),
      name: body.name,
      scope: body.scope,
      instanceId: body.instance_id ?? null,
    };
    return writes.answer(c, text, {
      work: keys.add(wanted, { key: c.get('key') }),
      // The kept answer to an Idempotency-Key is the one without the secret, which is kept nowhere.
      view: {
        status: 201,
        body: (key) => ({ key: toKeyView(key), secret: null }),
        onceBody: (key) => ({ key: toKeyView(key), secret }),
      },
    });
  });

  mount(app, 'revokeKey', async (c) => {
    const named = readKeyName(c);
    const text = await readText(c);
    parseBody(c, text, ENDPOINTS.revokeKey.body);
    const key = findKey(await store.keys(), named);
    if (key === null) throw new Refusal('not_found', `There is no key "${named}".`);
    return writes.answer(c, text, {
      work: keys.revoke(key.id, { key: c.get('key') }),
      view: { body: (revoked) => ({ key: toKeyView(revoked) }) },
    });
  });
}

const isLive = ({ revokedAt }: Key) => revokedAt === null;

function readKeyName(c: Context<HttpEnv>): string {
  return c.req.param('id') ?? '';
}

/** By its id; else the live one of that name; else the last one that had it, so that a repeat finds the same. */
function findKey(keys: readonly Key[], named: string): Key | null {
  const sameName = keys.filter(({ name }) => name === named);
  return keys.find(({ id }) => id === named) ?? sameName.find(isLive) ?? sameName.at(-1) ?? null;
}
