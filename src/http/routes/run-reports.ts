/** What workers tell of their runs, what they ask, and what they wait for. */
import type { Context } from 'hono';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import type { Question } from '../../core/question.ts';
import type { RunCaller } from '../../core/run-use-cases.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp, HttpEnv } from '../env.ts';
import { mount } from '../mount.ts';
import { patienceFor } from '../patience.ts';
import { readTaskId } from '../queries.ts';
import { toBatch, toReport, toReportedMessages } from '../run-bodies.ts';
import { toQuestionView, toSignalsView } from '../run-views.ts';
import type { View } from '../writes.ts';

const QUESTION: View<Question> = { body: (question) => ({ question: toQuestionView(question) }) };

export function addReportRoutes(app: HttpApp, { runs, writes }: RouteDeps): void {
  mount(app, 'postMessages', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.postMessages.body);
    const work = runs.postMessages(id, toRunCaller(c, body), toBatch(body));
    return writes.answer(c, text, { work, view: { body: (next) => ({ next }) } });
  });

  mount(app, 'postReport', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.postReport.body);
    const late = {
      report: toReport(body.report),
      first: body.first,
      messages: toReportedMessages(body.messages),
    };
    const work = runs.report(id, toRunCaller(c, body), late);
    return writes.answer(c, text, { work, view: { body: (accepted) => ({ accepted }) } });
  });

  mount(app, 'askQuestion', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.askQuestion.body);
    const asked = {
      key: body.key,
      kind: body.kind,
      title: body.title,
      detail: body.detail,
      options: body.options ?? null,
      rule: body.rule ?? null,
      call: body.call ?? null,
      isBudget: body.is_budget ?? false,
      budget: body.budget ?? null,
    };
    return writes.answer(c, text, { work: runs.ask(id, toRunCaller(c, body), asked), view: QUESTION });
  });
}

export function addSignalRoutes(app: HttpApp, deps: RouteDeps): void {
  const { store, signals, instances, keyring } = deps;
  mount(app, 'signals', async (c) => {
    const body = parseBody(c, await readText(c), ENDPOINTS.signals.body);
    keyring.requireLive(c.get('key'));
    // A sign of life; the answer does not wait for it to be written.
    store.decide(instances.seen(body.instance_id)).catch((error: unknown) => {
      c.var.logger.debug({ error }, 'a sign of life was not recorded');
    });
    const patience = patienceFor(c, keyring);
    try {
      const news = await signals.ask({
        instanceId: body.instance_id,
        runs: body.runs.map((run) => ({
          leaseId: run.lease_id,
          repliesAfter: run.replies_after,
          questions: run.questions,
          heard: run.heard ?? [],
          left: run.left ?? [],
        })),
        waitMs: (body.wait_seconds ?? 0) * 1000,
        onGone: patience.onOver,
      });
      keyring.requireLive(c.get('key'));
      return ok(c, toSignalsView(news));
    } finally {
      patience.end();
    }
  });
}

function toRunCaller(c: Context<HttpEnv>, body: { lease_id: string }): RunCaller {
  return { key: c.get('key'), leaseId: body.lease_id };
}
