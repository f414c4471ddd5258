import { afterEach, describe, expect, it } from 'vitest';
import { createApi, type Reply } from '../support/http-world.ts';
import { openSocket } from '../support/http-socket.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';

const CLAIMANTS = 64;
const TASKS = 100;

afterEach(cleanUp);

/** Claimants that each hold a connection of their own, opened before the race. */
async function claimants(server: RunningServer) {
  const sockets = await Promise.all(Array.from({ length: CLAIMANTS }, () => openSocket(server.port)));
  return sockets.map((socket, n) => ({
    name: `claimant-${n}`,
    send: (path: string): Promise<Reply> => {
      socket.send('POST', path, { body: { instance_id: `claimant-${n}` } });
      return socket.answer();
    },
  }));
}

describe('sixty-four claimants', () => {
  it('on one task by its id have exactly one winner; everybody else is told who', async () => {
    const server = await startServer({ folder: newFolder() });
    const all = await claimants(server);
    for (let round = 0; round < 5; round += 1) {
      const { id } = await server.api.add();
      const replies = await Promise.all(all.map(({ send }) => send(`/api/tasks/${id}/claim`)));
      const winners = all.filter((_, n) => replies[n]?.status === 200);
      expect(winners).toHaveLength(1);
      for (const reply of replies.filter(({ status }) => status !== 200)) {
        expect([reply.status, reply.error]).toEqual([409, 'task_not_claimable']);
        expect(reply.text).toContain(winners[0]?.name);
      }
      expect((await server.api.get(id)).instance_id).toBe(winners[0]?.name);
      expect(await server.api.actions(id)).toEqual(['created', 'claimed']);
    }
  });

  it('on one task by claim-next have exactly one winner, and nobody an error', async () => {
    const server = await startServer({ folder: newFolder() });
    const all = await claimants(server);
    await server.api.add();
    const replies = await Promise.all(all.map(({ send }) => send('/api/tasks/claim')));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(replies.filter(({ text }) => text !== '{"task":null}')).toHaveLength(1);
  });

  it('on a hundred tasks get each exactly once, with a lease of its own', async () => {
    const server = await startServer({ folder: newFolder() });
    const all = await claimants(server);
    await Promise.all(Array.from({ length: TASKS }, (_, n) => server.api.add(`task ${n}`)));
    const won: { id: number; lease: string; by: string }[] = [];
    await Promise.all(
      all.map(async ({ name, send }) => {
        for (;;) {
          const reply = await send('/api/tasks/claim');
          const { task, lease } = reply.json as { task: { id: number } | null; lease: { lease_id: string } };
          if (task === null) return;
          won.push({ id: task.id, lease: lease.lease_id, by: name });
        }
      }),
    );
    expect(won).toHaveLength(TASKS);
    expect(new Set(won.map(({ id }) => id)).size).toBe(TASKS);
    expect(new Set(won.map(({ lease }) => lease)).size).toBe(TASKS);
    for (const { id, by } of won) expect((await server.api.get(id)).instance_id).toBe(by);
    expect(await server.api.stats()).toMatchObject({ pending: 0, in_progress: TASKS, total: TASKS });
  });

  it('who wait get each of the tasks that arrive exactly once', async () => {
    const server = await startServer({ folder: newFolder() });
    const sockets = await Promise.all(Array.from({ length: CLAIMANTS }, () => openSocket(server.port)));
    for (const [n, socket] of sockets.entries())
      socket.send('POST', '/api/tasks/claim', { body: { instance_id: `m${n}`, wait_seconds: 30 } });
    const api = createApi(server.send);
    await Promise.all(sockets.map(() => api.add()));
    const replies = await Promise.all(sockets.map((socket) => socket.answer()));
    const ids = replies.map(({ json }) => (json as { task: { id: number } }).task.id);
    expect(new Set(ids).size).toBe(CLAIMANTS);
  });

  it('who complete one task with the same lease make one completion', async () => {
    const server = await startServer({ folder: newFolder() });
    const { id, lease } = await server.api.held();
    const sockets = await Promise.all(Array.from({ length: CLAIMANTS }, () => openSocket(server.port)));
    const body = { lease_id: lease.lease_id };
    for (const socket of sockets) socket.send('POST', `/api/tasks/${id}/complete`, { body });
    const replies = await Promise.all(sockets.map((socket) => socket.answer()));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(await server.api.actions(id)).toEqual(['created', 'claimed', 'completed']);
  });
});
