/** The heartbeat of a worker: what it says of itself, what it hears, and its last word. */
import type { HeartbeatAnswer } from '../../src/contract/instance.ts';
import { systemClock } from './clock.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createProblems, type Problems } from './problems.ts';
import type { WorkerSettings } from './settings.ts';
import type { WorkerApi } from './worker-api.ts';
import type { Kit } from './worker-kit.ts';
import type { WorkerLog } from './worker-log.ts';
import type { WorkerSession } from './worker-session.ts';

export interface HeartDeps {
  readonly settings: WorkerSettings;
  readonly session: WorkerSession;
  readonly log: WorkerLog;
  readonly api: WorkerApi;
  readonly random: () => number;
}

/** What is told with each heartbeat, and what is heard with it. */
export function createHeart({ settings, session, log, api, random }: HeartDeps) {
  let salt: string | undefined;
  const never = new AbortController().signal;
  const problems = createProblems({
    log,
    nowMs: () => systemClock.monotonicMs(),
    changed: () => {
      keeper.soon();
    },
  });
  const keeper = createLeaseKeeper({
    clock: systemClock,
    random: random,
    send: ({ lease_ids }) =>
      api.heartbeat(
        {
          instance_id: settings.name,
          instance_name: settings.name,
          lease_ids,
          worker: {
            session: session.id,
            replaces: session.replaces,
            projects: projectsOf(settings),
            capabilities: [...settings.capabilities],
            concurrency: settings.concurrency,
            problem: problems.text(),
            held: heldProjects(settings, problems, systemClock.monotonicMs()),
          },
        },
        { signal: never },
      ),
    heard: (answer: HeartbeatAnswer) => {
      salt = answer.account_salt ?? salt;
      problems.noteReach(null);
      problems.noteWelcome();
    },
    trouble: (error) => {
      problems.noteReach(error);
    },
  });
  return { keeper, problems, salt: () => salt };
}

export function projectsOf({ projects, defaultProject }: WorkerSettings): (string | null)[] {
  return [...Object.keys(projects), ...(defaultProject === null ? [] : [null])];
}

/** Those that nothing is taken of now: the machine has no room, or a fault holds them off. */
export function heldProjects(settings: WorkerSettings, problems: Problems, nowMs: number): (string | null)[] {
  const isHeld = (name: string | null) => problems.heldUntilMs(name ?? settings.defaultProject) > nowMs;
  return projectsOf(settings).filter((name) => problems.isBlocked() || isHeld(name));
}

const LEAVE_MS = 1_000;

/** So that the name is free at once. If the server does not hear of it, it will notice. */
export async function leave({ api, settings, clock }: Kit, session: WorkerSession): Promise<void> {
  const late = new AbortController();
  const callOff = clock.after(LEAVE_MS, () => {
    late.abort();
  });
  const worker = { session: session.id, projects: [], capabilities: [], concurrency: 0, leaves: true };
  const body = { instance_id: settings.name, lease_ids: [], worker };
  await api.heartbeat(body, { signal: late.signal }).catch(() => null);
  callOff();
}
