/** Answers a question of a run: with one of its options, in own words, or asked for on the terminal. */
import type { GiveAnswer, QuestionView } from '../../src/contract/question.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { quoted, text, wordOrStdin } from '../given.ts';
import { fateOf, findOption, howToAnswer, questionLines } from '../question-card.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const id = questionId(words[0]);
  const question = await find(deps, id);
  const typed = text(options['text']);
  const own = typed === undefined ? undefined : await wordOrStdin(typed, deps.io);
  if (words[1] === undefined && own === undefined) return askOrShow(deps, question);
  return send(deps, question, {
    ...(words[1] !== undefined && choice(question, words[1], own)),
    ...(own !== undefined && { text: own }),
  });
}

function questionId(word: string | undefined): number {
  const digits = /^#?(\d{1,15})$/.exec(word ?? '')?.[1];
  if (digits !== undefined && Number(digits) > 0) return Number(digits);
  const hint = 'See "claude-task-client questions".';
  throw usageError(`${quoted(word)} is not the number of a question.`, hint);
}

/** Open ones first: there are few of them, and it is one of those that is meant. */
async function find({ api }: Deps, id: number): Promise<QuestionView> {
  for (const status of ['open', 'all'] as const) {
    const { questions } = await api().questions(status);
    const question = questions.find((each) => each.id === id);
    if (question !== undefined) return question;
  }
  const hint = 'See "claude-task-client questions".';
  throw new ClientError('not_found', `There is no question ${id}.`, { hint });
}

/** Where there is nothing to choose from, a word is the answer itself. */
function choice(question: QuestionView, word: string, own: string | undefined): GiveAnswer {
  const option = findOption(question, word);
  if (option !== undefined) return { option: option.id };
  if (question.options.length === 0 && own === undefined) return { text: word };
  throw noSuchOption(question, word);
}

function noSuchOption({ id, options }: QuestionView, word: string): ClientError {
  const all = options.map(({ label }, at) => `${at + 1}) ${safeLine(label)}`).join(', ');
  const hint = `Its options: ${all || 'none'}; or in own words with --text.`;
  return usageError(`${quoted(word)} is no option of question ${id}.`, hint);
}

async function askOrShow(deps: Deps, question: QuestionView): Promise<Outcome> {
  const fate = fateOf(question);
  const lines = questionLines(question, deps.io);
  if (fate !== undefined) return { json: { question }, lines: [...lines, `   ${deps.io.paint.dim(fate)}`] };
  if (!deps.io.isInteractive || deps.isJson) {
    const failure = usageError('No answer was given.', `Run: ${howToAnswer(question)}`);
    return { json: { question }, lines, failure };
  }
  deps.io.note(lines.join('\n'));
  const { options } = question;
  const wish = options.length === 0 ? 'Answer: ' : `Answer (1-${options.length}, or in own words): `;
  const typed = (await deps.io.ask(`\n${wish}`)).trim();
  if (typed === '') throw new ClientError('not_confirmed', 'Nothing was answered.');
  const option = findOption(question, typed);
  if (option === undefined && /^\d+$/.test(typed) && options.length > 0) throw noSuchOption(question, typed);
  return send(deps, question, option === undefined ? { text: typed } : { option: option.id });
}

async function send(deps: Deps, { id }: QuestionView, body: GiveAnswer): Promise<Outcome> {
  const answer = await deps
    .api()
    .answerQuestion(id, body)
    .catch((error: unknown) => {
      const isSettled = error instanceof ClientError && error.code === 'invalid_transition';
      throw isSettled ? error.withHint('See "claude-task-client questions --all".') : error;
    });
  const fate = fateOf(answer.question) ?? safeLine(answer.question.status);
  return {
    json: answer,
    lines: [`✅ Question ${id} of task #${answer.question.task_id} ${fate}`],
    remark: `See "claude-task-client watch ${answer.question.task_id}".`,
  };
}
