/** A call that only reads is a sign of life as well, if it names its instance and its key may speak for one. */
import type { Context } from 'hono';
import type { InstanceService } from '../core/instance-service.ts';
import { speaksForInstances } from '../core/key.ts';
import type { Store } from '../core/ports.ts';
import type { HttpEnv } from './env.ts';
import { readInstanceId } from './queries.ts';

export function createPresence({
  store,
  instances,
}: {
  store: Pick<Store, 'decide'>;
  instances: InstanceService;
}) {
  return (c: Context<HttpEnv>): void => {
    if (c.req.method !== 'GET' || !c.req.url.includes('instance_id=')) return;
    const instanceId = readInstanceId(c);
    const { logger, key } = c.var;
    if (instanceId === undefined || !speaksForInstances(key)) return;
    // The answer does not wait for it to be written.
    store.decide(instances.seen(instanceId)).catch((error: unknown) => {
      logger.debug({ error }, 'a sign of life was not recorded');
    });
  };
}
