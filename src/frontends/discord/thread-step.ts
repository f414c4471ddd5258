/**
 * The next step of a thread, drawn from what its task has to tell and what the thread shows already. Nothing is sent
 * here, so the same scene gives the same step.
 */
import type { Store } from '../../core/ports.ts';
import type { Question } from '../../core/question.ts';
import type { RunMessage } from '../../core/run.ts';
import { isFinished } from '../../core/task.ts';
import type { ThreadScene, ThreadStep } from '../../core/thread-ports.ts';
import { questionCard } from './question-card.ts';
import { block, inline, isBlank, pointerTo } from './text.ts';
import { createDraft, type Draft } from './thread-draft.ts';
import { endCard } from './thread-end.ts';
import { drawLasting, showRun } from './thread-lasting.ts';
import { questionSlot, SLOTS } from './thread-memo.ts';
import { toPieces, TOGETHER, type Piece } from './thread-pieces.ts';
import { inMessages, joined } from './thread-text.ts';

/** What a thread takes in about five seconds. */
const PARTS = 5;
/** Of a reply, as much as tells what it is about. */
const REPLY_LENGTH = 500;

export interface StepDeps {
  readonly store: Pick<Store, 'question'>;
  /** Files may be sent there. */
  readonly canAttach: boolean;
}

export async function drawStep(scene: ThreadScene, deps: StepDeps): Promise<ThreadStep> {
  const draft = createDraft(scene);
  for (const piece of toPieces(scene.messages)) {
    if (draft.parts() > 0 && draft.parts() + sizeOf(piece) > PARTS) break;
    if (piece.run !== null) showRun(draft, piece.run);
    await tell(piece, draft, deps);
    draft.toldUpTo(piece.to);
  }
  return drawLasting(draft, deps);
}

function sizeOf(piece: Piece): number {
  return piece.kind === 'text' ? inMessages(joined(piece.texts)).length + Math.min(1, piece.tools.length) : 1;
}

async function tell(piece: Piece, draft: Draft, { store, canAttach }: StepDeps): Promise<void> {
  switch (piece.kind) {
    case 'tools':
      draft.work(piece.tools);
      return;
    case 'text':
      say(draft, joined(piece.texts));
      if (piece.tools.length > 0) draft.work(piece.tools);
      return;
    case 'file':
      tellWhole(piece, draft, canAttach);
      return;
    case 'other':
      if (piece.message.data?.reply_id !== undefined) tellReply(piece.message, draft);
      else await tellOther(piece.message, draft, { store, canAttach });
  }
}

function say(draft: Draft, text: string): void {
  for (const content of inMessages(text)) draft.send({ content, plain: content, isSilent: true });
}

function tellWhole(told: { to: number; text: string }, draft: Draft, canAttach: boolean): void {
  if (canAttach && told.text.length > TOGETHER) attach(draft, told);
  else say(draft, told.text);
}

/** Of a file, a reader sees the first lines. */
function attach(draft: Draft, { to, text }: { to: number; text: string }): void {
  const name = `task-${draft.scene.task.id}-${to}.md`;
  draft.send({ plain: '', isSilent: true }, { file: { name, text } });
}

/** What was said in the thread itself stands there. */
function tellReply({ text, data }: RunMessage, draft: Draft): void {
  const { task, threadId } = draft.scene;
  if (data?.said_in === threadId) return;
  const content = `💬 ${block(text, REPLY_LENGTH, pointerTo(task.id))}`;
  draft.send({ content, plain: content, isSilent: true });
}

async function tellOther(message: RunMessage, draft: Draft, { store, canAttach }: StepDeps): Promise<void> {
  if (message.kind === 'result') {
    tellEnd(message, draft);
    return;
  }
  const id = message.kind === 'question' ? message.data?.question_id : undefined;
  const question = id === undefined ? null : await store.question(id);
  if (question !== null) tellQuestion(message, question, draft);
  else if (!isBlank(message.text))
    tellWhole({ to: message.seq, text: `ℹ️ ${message.text.trim()}` }, draft, canAttach);
}

const isToldAside = ({ seq }: RunMessage, { scene }: Draft) => seq <= scene.elsewhere.seq;

function tellEnd(message: RunMessage, draft: Draft): void {
  const { task } = draft.scene;
  if (draft.memo().canFollowUp) draft.edit(SLOTS.end, { takesButtons: true });
  draft.send(endCard(task, message, isToldAside(message, draft)), { slot: SLOTS.end });
  draft.remember({ canFollowUp: isFinished(task) });
}

function tellQuestion(message: RunMessage, question: Question, draft: Draft): void {
  const { task, elsewhere } = draft.scene;
  const isOpen = question.status === 'open';
  // Nobody needs to be reminded of what has been answered.
  const isReminder = message.run === null;
  if (isReminder && !isOpen) return;
  if (isOpen && isToldAside(message, draft)) {
    const content = `❓ Asked in <#${elsewhere.placeId ?? ''}>: ${inline(question.title, 200)}`;
    draft.send({ content, plain: content, isSilent: true });
    return;
  }
  draft.send(questionCard(task, question, { isReminder }), { slot: questionSlot(question.id, message.seq) });
}
