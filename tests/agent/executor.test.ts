/** The contract of every executor, kept by the real Agent SDK. */
import { describe } from 'vitest';
import { executorContract, type Scene } from '../contracts/executor.contract.ts';
import type { Line } from '../support/messages-api/index.ts';
import { answer, bash, refuse, say } from '../support/messages-api/replies.ts';
import { IS_MISSING, openAgentWorld } from './world.ts';

/** The scene as what the model says, request after request. */
function linesOf(scene: Scene): Line[] {
  const lines: Line[] = [];
  if (scene.answersReply !== undefined) {
    lines.push({ when: /Reply from ada/, then: say(scene.answersReply) });
  }
  if (scene.shell !== undefined) lines.push({ when: ({ number }) => number === 1, then: bash(scene.shell) });
  const last = scene.fails === true ? refuse(400, scene.says ?? '') : say(scene.says ?? 'Nothing.');
  lines.push({ when: () => true, then: scene.hangs === true ? answer([], { end: 'stalled' }) : last });
  return lines;
}

describe.skipIf(IS_MISSING)('with the real Agent SDK', () => {
  executorContract('the Claude executor', async () => {
    const world = await openAgentWorld();
    return {
      folder: world.folder,
      watcher: world.watcher,
      play(scene) {
        world.api.script(...linesOf(scene));
        return world.start({}, { idleMs: scene.idleMs ?? 600_000 });
      },
      openRequests: () => world.api.open(),
      noticesMs: 5_000,
      close: () => world.close(),
    };
  });
});
