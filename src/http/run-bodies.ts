/** What workers say of their runs, from the wire to the domain. */
import type { z } from 'zod';
import type {
  PostMessages,
  ReleaseCause as ReleaseCauseBody,
  RunReport as ReportBody,
  Totals,
} from '../contract/run.ts';
import type { ReleaseCause } from '../core/release-cause.ts';
import type { Batch, ReportedMessage } from '../core/run-messages.ts';
import type { RunReport, RunTotals } from '../core/run.ts';

function toTotals(totals: Totals): RunTotals {
  return {
    costUsd: totals.cost_usd,
    costEstimated: totals.cost_estimated,
    inputTokens: totals.input_tokens,
    outputTokens: totals.output_tokens,
    turns: totals.turns,
    durationMs: Math.round(totals.duration_seconds * 1000),
  };
}

export function toReport(body: z.output<typeof ReportBody>): RunReport {
  return {
    outcome: body.outcome,
    summary: body.summary ?? null,
    branch: body.branch ?? null,
    commit: body.commit ?? null,
    base: body.base ?? null,
    filesChanged: body.files_changed ?? null,
    insertions: body.insertions ?? null,
    deletions: body.deletions ?? null,
    ...sessionOf(body),
    model: body.model ?? null,
    totals: toTotals(body.totals),
    lastReply: body.last_reply,
  };
}

function sessionOf({ session_id: id, session_text: text }: z.output<typeof ReportBody>) {
  return { sessionId: id ?? null, sessionText: text ?? undefined };
}

export const toReportIfAny = (body: z.output<typeof ReportBody> | null | undefined): RunReport | undefined =>
  body == null ? undefined : toReport(body);

export function toReportedMessages(body: z.output<typeof PostMessages>['messages']): ReportedMessage[] {
  return body.map(({ kind, text, at }) => ({ kind, text, at: at == null ? null : new Date(at) }));
}

export function toBatch(body: z.output<typeof PostMessages>): Batch {
  const { activity } = body;
  return {
    first: body.first,
    messages: toReportedMessages(body.messages),
    totals: body.totals == null ? null : toTotals(body.totals),
    sessionId: body.session_id ?? undefined,
    sessionText: body.session_text ?? undefined,
    base: body.base ?? undefined,
    activity: activity && { text: activity.text, startedAt: new Date(activity.started_at) },
    todo: body.todo === null ? [] : body.todo,
  };
}

export function toCause(
  body: z.output<typeof ReleaseCauseBody> | null | undefined,
): ReleaseCause | undefined {
  if (body == null) return undefined;
  if (body.kind !== 'parked') return body;
  return {
    kind: 'parked',
    waitsFor: body.waits_for,
    until: body.until == null ? null : new Date(body.until),
  };
}
