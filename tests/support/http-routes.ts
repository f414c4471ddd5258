/** Every write of the API with a request that succeeds, for what must hold of all of them. */
import type { HttpWorld } from './http-world.ts';

export interface WriteCase {
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  /** Prepares the world and gives the request. */
  readonly prepare: (world: HttpWorld) => Promise<{ path: string; body: Record<string, unknown> }>;
}

const write = (
  name: string,
  how: {
    method?: 'PUT';
    body?: Record<string, unknown>;
    claimed?: boolean;
    failed?: boolean;
    fixed?: string;
  },
): WriteCase => ({
  name,
  method: how.method ?? 'POST',
  async prepare({ api, send }) {
    const { body = {} } = how;
    if (how.fixed !== undefined) {
      await api.add();
      return { path: how.fixed, body };
    }
    const { id } = how.claimed === true ? await api.held() : await api.add();
    if (how.failed === true) await send('POST', `/api/tasks/${id}/cancel`, { body: {} });
    return { path: `/api/tasks/${id}${name}`, body };
  },
});

/** Calls on one task, by the end of their path. */
export const TASK_WRITES: readonly WriteCase[] = [
  write('', { method: 'PUT', body: { description: 'another text' } }),
  write('/claim', { body: { instance_id: 'mac' } }),
  write('/status', { method: 'PUT', body: { status: 'cancelled' } }),
  write('/priority', { method: 'PUT', body: { priority: 'high' } }),
  write('/complete', { body: { notes: 'done' }, claimed: true }),
  write('/fail', { body: { error: 'it broke' }, claimed: true }),
  write('/release', { body: {}, claimed: true }),
  write('/cancel', { body: {} }),
  write('/requeue', { body: {}, failed: true }),
];

export const OTHER_WRITES: readonly WriteCase[] = [
  write('add', { fixed: '/api/tasks', body: { description: 'a task' } }),
  write('claim next', { fixed: '/api/tasks/claim', body: { instance_id: 'mac' } }),
  write('pause', { fixed: '/api/queue/pause', body: { reason: 'lunch' } }),
  {
    name: 'resume',
    method: 'POST',
    async prepare({ send }) {
      await send('POST', '/api/queue/pause', { body: {} });
      return { path: '/api/queue/resume', body: {} };
    },
  },
  write('heartbeat', { fixed: '/api/instance/heartbeat', body: { instance_id: 'mac' } }),
];

export const WRITES: readonly WriteCase[] = [...TASK_WRITES, ...OTHER_WRITES];

export const READS = [
  '/api/tasks',
  '/api/tasks/next',
  '/api/tasks/1',
  '/api/tasks/1/logs',
  '/api/stats',
  '/api/instances',
] as const;
