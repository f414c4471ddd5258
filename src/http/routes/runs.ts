/** What people see of runs and tell them. */
import type { Context } from 'hono';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import { QUESTION_STATUSES, type QuestionStatus } from '../../core/vocabulary.ts';
import { startOfMonth } from '../../core/calendar.ts';
import { speaksForInstances } from '../../core/key.ts';
import type { Person } from '../../core/person.ts';
import type { RunMessage } from '../../core/run.ts';
import { required } from '../../core/task.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp, HttpEnv } from '../env.ts';
import { mount } from '../mount.ts';
import { patienceFor } from '../patience.ts';
import { readTaskId } from '../queries.ts';
import { DomainError } from '../../core/errors.ts';
import { Refusal } from '../refusal.ts';
import { readCount, readQuestionId, readUsageQuery } from '../run-queries.ts';
import { toMessageView, toQuestionView, toUsageView } from '../run-views.ts';

const MESSAGES = 200;
const MOST_MESSAGES = 500;
const LONGEST_WAIT_SECONDS = 60;
/** As many open questions as anybody reads. */
const QUESTIONS = 500;

export function addRunReads(app: HttpApp, deps: RouteDeps): void {
  const { store, clock, timeZone = 'UTC' } = deps;

  mount(app, 'taskMessages', async (c) => {
    const id = readTaskId(c);
    const after = readCount(c, 'after', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
    const limit = readCount(c, 'limit', { min: 1, max: MOST_MESSAGES, otherwise: MESSAGES });
    const seconds = readCount(c, 'wait_seconds', { min: 0, max: LONGEST_WAIT_SECONDS, otherwise: 0 });
    required(await store.task(id), id);
    const page = await waitForMessages(c, deps, { id, after, limit, waitMs: seconds * 1000 });
    return ok(c, { messages: page.messages.map(toMessageView), truncated: page.truncated });
  });

  mount(app, 'questions', async (c) => {
    const status = readStatus(c.req.query('status'));
    const found = await store.questions({ status, limit: QUESTIONS });
    return ok(c, { questions: found.map(toQuestionView) });
  });

  mount(app, 'usage', async (c) => {
    const month = startOfMonth(clock.now(), timeZone);
    return ok(c, toUsageView(await store.usage(readUsageQuery(c, month))));
  });
}

interface Wanted {
  readonly id: number;
  readonly after: number;
  readonly limit: number;
  readonly waitMs: number;
}

interface Page {
  readonly messages: readonly RunMessage[];
  readonly truncated: boolean;
}

/** Looks, and looks again whenever something was said of the task, until there is something or the time is up. */
async function waitForMessages(
  c: Context<HttpEnv>,
  { store, room, clock, keyring }: RouteDeps,
  { id, after, limit, waitMs }: Wanted,
): Promise<Page> {
  const look = () => store.messages(id, after, limit);
  if (waitMs === 0) return look();
  const patience = patienceFor(c, keyring);
  const deadlineMs = clock.monotonicMs() + waitMs;
  try {
    const watch = room.watch({ taskIds: [id], deadlineMs, onGone: patience.onOver });
    try {
      let page = await look();
      while (page.messages.length === 0 && !watch.isOver()) {
        await watch.next();
        keyring.requireLive(c.get('key'));
        page = await look();
      }
      return page;
    } finally {
      watch.end();
    }
  } finally {
    patience.end();
  }
}

function readStatus(text: string | undefined): QuestionStatus | undefined {
  if (text === undefined || text === '' || text === 'all') return text === 'all' ? undefined : 'open';
  const found = QUESTION_STATUSES.find((status) => status === text);
  if (found !== undefined) return found;
  throw new DomainError('invalid_input', `status must be one of ${QUESTION_STATUSES.join(', ')}, or all.`);
}

export function addRunWrites(app: HttpApp, { store, runs, writes }: RouteDeps): void {
  mount(app, 'reply', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.reply.body);
    const work = runs.reply(id, toPerson(c, body), { text: body.text, now: body.now ?? false });
    return writes.answer(c, text, {
      work,
      view: { status: 202, body: ({ reply, delivery }) => ({ reply_id: reply.number, delivery }) },
    });
  });

  mount(app, 'answerQuestion', async (c) => {
    const id = readQuestionId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.answerQuestion.body);
    if ((await store.question(id)) === null) throw new Refusal('not_found', `There is no question ${id}.`);
    const answer = { option: body.option ?? null, text: body.text ?? null };
    return writes.answer(c, text, {
      work: runs.answer(id, toPerson(c, body), answer),
      view: { body: (question) => ({ question: toQuestionView(question) }) },
    });
  });
}

function toPerson(c: Context<HttpEnv>, body: { instance_id?: string | null | undefined }): Person {
  const key = c.get('key');
  return { key, speaker: speaksForInstances(key) ? (body.instance_id ?? undefined) : undefined };
}
