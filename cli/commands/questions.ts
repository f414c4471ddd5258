import type { QuestionView } from '../../src/contract/question.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ago } from '../format.ts';
import { fateOf, shortLines } from '../question-card.ts';
import { tableLines, type Cell } from '../table.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const isAll = options['all'] === true;
  const list = await deps.api().questions(isAll ? 'all' : 'open');
  const { questions } = list;
  if (questions.length === 0) {
    return { json: list, lines: [isAll ? 'No questions.' : 'No questions are open.'] };
  }
  const isSomethingOpen = questions.some(({ status }) => status === 'open');
  const remark = 'Answer with "claude-task-client answer ID".';
  return { json: list, lines: toTable(deps, questions), ...(isSomethingOpen && { remark }) };
}

function toTable({ io, host }: Deps, questions: readonly QuestionView[]): string[] {
  const cells = (question: QuestionView): Cell[] => {
    const fate = fateOf(question);
    const title = safeLine(question.title);
    return [
      { text: String(question.id), ...(fate === undefined && { paint: io.paint.yellow }) },
      { text: `#${question.task_id}` },
      { text: ago(question.asked_at, host.now()).replace(/^(\S+ \S+) .*ago$/, '$1 ago') },
      { text: safeLine(question.kind) },
      {
        text: fate === undefined ? title : `${title} [${fate}]`,
        ...(fate !== undefined && { paint: io.paint.dim }),
      },
    ];
  };
  const [heading = '', ...rows] = tableLines({
    headings: ['ID', 'TASK', 'ASKED', 'KIND', 'QUESTION'],
    rows: questions.map(cells),
    width: io.width,
    paintHeading: io.paint.bold,
  });
  const about = (question: QuestionView | undefined) =>
    question?.status === 'open' ? shortLines(question, io) : [];
  return [heading, ...rows.flatMap((row, at) => [row, ...about(questions[at])])];
}
