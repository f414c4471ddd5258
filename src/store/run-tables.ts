/** The tables about runs together: what decisions read of them, and how what they return is saved. */
import type { Reply } from '../core/question.ts';
import type { TaskWork } from '../core/run.ts';
import type { RunNeeds, RunSaves, RunState } from '../core/run-state.ts';
import type { Task } from '../core/task.ts';
import type { Reads } from '../core/work.ts';
import { createAttachmentTable } from './attachment-table.ts';
import type { OpenDatabase } from './database.ts';
import { createHoldTable } from './hold-table.ts';
import { createMessageTable } from './message-table.ts';
import { createQuestionTable } from './question-table.ts';
import { createRunTable } from './run-table.ts';
import { createThreadTable } from './thread-table.ts';
import { createUsageTable } from './usage-table.ts';

export type RunTables = ReturnType<typeof createRunTables>;

export function createRunTables(database: OpenDatabase) {
  return {
    runs: createRunTable(database),
    messages: createMessageTable(database),
    questions: createQuestionTable(database),
    attachments: createAttachmentTable(database),
    threads: createThreadTable(database),
    usage: createUsageTable(database),
    holds: createHoldTable(database),
  };
}

export function createRunReads({ runs, questions, attachments, holds }: RunTables) {
  /** As the run of that lease sees it, or nobody's. Null for a task that no worker knows. */
  function stateOf(taskId: number, leaseId: string | null): RunState | null {
    const work = runs.work(taskId);
    if (work === null) return null;
    const run = leaseId === null ? null : runs.byLease(leaseId);
    return {
      work,
      run,
      others: runs.sums(taskId, leaseId),
      questions: questions.pendingOf(taskId),
      hold: holds.of(run?.account ?? null),
      unheard: unheardOf(work),
    };
  }

  function unheardOf(work: TaskWork | null): readonly Reply[] {
    if (work === null || work.replies === work.repliesTaken) return [];
    return questions.repliesAfter(work.taskId, work.repliesTaken);
  }

  return {
    stateOf: (task: Task | null) => (task === null ? null : stateOf(task.id, task.lease?.leaseId ?? null)),

    needsOf(task: Task | null, isWanted: boolean | undefined): RunNeeds | null {
      if (task === null || isWanted !== true) return null;
      const state = stateOf(task.id, null);
      return { state, replies: state?.unheard ?? [], attachments: attachments.ofTask(task.id) };
    },

    /** Replies that no run has taken in. */
    unheardOf: (task: Task | null) => unheardOf(task === null ? null : runs.work(task.id)),

    ofLease({ id, leaseId, questionKey }: Reads['runOfLease']['takes']) {
      const run = runs.byLease(leaseId);
      const isOther = run === null || run.taskId !== id;
      return {
        run: isOther ? null : run,
        state: isOther ? null : stateOf(id, leaseId),
        asked: isOther || questionKey === undefined ? null : questions.byKey(id, run.number, questionKey),
        nextQuestionId: questions.nextId(),
      };
    },

    dueQuestions({ askedBefore, limit }: Reads['dueQuestions']['takes']): Reads['dueQuestions']['gives'] {
      const due = questions.due(askedBefore, limit).flatMap((question) => {
        const work = runs.work(question.taskId);
        return work === null ? [] : [{ question, work }];
      });
      return { due };
    },
  };
}

/** The returned function tells which tasks have news by what it saved. */
export function createRunSaves({ runs, messages, questions, attachments, holds }: RunTables) {
  return (saves: RunSaves): readonly number[] => {
    if (saves.undone !== undefined) runs.drop(saves.undone);
    for (const run of saves.runs ?? []) runs.save(run);
    if (saves.work) runs.saveWork(saves.work);
    saves.messages?.forEach(messages.append);
    saves.replies?.forEach(questions.saveReply);
    for (const question of saves.questions ?? []) questions.save(question);
    saves.attachments?.forEach(attachments.add);
    saveHold(saves);
    return newsOf(saves);
  };

  function saveHold({ hold, lifted }: RunSaves): void {
    if (hold) holds.save(hold);
    if (lifted !== undefined) holds.lift(lifted);
  }
}

function newsOf({ work, messages = [], replies = [], questions = [] }: RunSaves): number[] {
  const told = [...messages, ...replies, ...questions].map(({ taskId }) => taskId);
  return [...new Set(work === undefined ? told : [work.taskId, ...told])];
}
