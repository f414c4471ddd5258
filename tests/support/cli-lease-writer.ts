/** A process that remembers and forgets leases, for tests of several at once. */
import { createLeaseFile } from '../../cli/lease-file.ts';

const [folder = '', first = '0', count = '0'] = process.argv.slice(2);
const leases = createLeaseFile({
  folder,
  apiUrl: 'http://a',
  instanceId: 'mac',
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
for (let id = Number(first); id < Number(first) + Number(count); id += 1) {
  await leases.remember({ task_id: id, lease_id: `lease-${id}`, expires_at: '2999-01-01T00:00:00.000Z' });
  if (id % 2 === 1) await leases.forget(`lease-${id}`);
}
