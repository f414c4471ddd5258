/** What people tell runs: replies and answers; and what they see of them: questions and usage. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QuestionView } from '../../src/contract/question.ts';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { questionView } from '../support/cli-task.ts';

let server: CliServer;
let machine: Machine;
let answer: (request: SeenRequest) => Answer;
beforeEach(async () => {
  server = await startCliServer((request) => answer(request));
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

const sent = () => server.seen.filter(({ method }) => method === 'POST').map(({ json }) => json);

describe('reply', () => {
  it.each([
    ['now', 'the run hears it at its next step'],
    ['next_run', 'it goes along with the next run'],
    ['follow_up', 'the task goes on with it'],
    ['by_pigeon', 'by_pigeon'],
  ])('tells what becomes of it: %s', async (delivery, words) => {
    answer = () => ({ status: 202, json: { reply_id: 3, delivery } });
    const ran = await machine.run(['reply', '5', 'Use the other port']);
    expect(server.calls()).toEqual(['POST /api/tasks/5/reply']);
    expect(sent()).toEqual([{ text: 'Use the other port' }]);
    expect(ran).toMatchObject({ code: 0, stdout: `💬 Reply 3 to task #5: ${words}\n` });
  });

  it('interrupts, and reads a long one from standard input', async () => {
    answer = () => ({ status: 202, json: { reply_id: 3, delivery: 'now' } });
    const ran = await machine.run(['reply', '5', '-', '--now'], { stdin: 'one\ntwo\n' });
    expect(sent()).toEqual([{ text: 'one\ntwo', now: true }]);
    expect(ran.stdout).toContain('it interrupts the run');
  });

  it.each([[['reply', '5', '']], [['reply', '5', 'x'.repeat(4001)]], [['reply', 'five', 'x']]])(
    'is refused before it is sent: %j',
    async (argv) => {
      expect((await machine.run(argv)).code).toBe(2);
      expect(server.seen).toEqual([]);
    },
  );

  it('by a key that may not is exit 4', async () => {
    answer = () => refusal(403, 'not_permitted');
    expect((await machine.run(['reply', '5', 'x'])).code).toBe(4);
  });
});

const answered: Partial<QuestionView> = {
  status: 'answered',
  answered_by: 'sam',
  answered_at: '2026-03-01T11:55:00.000Z',
  answer: { option: 'allow_once', text: null },
};

describe('questions', () => {
  it('shows what waits, and with --all what has become of the others', async () => {
    answer = ({ url }) => ({
      json: {
        questions: [questionView(), ...(url.includes('all') ? [questionView({ id: 11, ...answered })] : [])],
      },
    });
    const open = await machine.run(['questions'], { env: { COLUMNS: '90' } });
    expect(open.stdout).toMatch(
      /^ID {2}TASK {2}ASKED {7}KIND {8}QUESTION\n12 {2}#5 {4}10 min ago {2}permission {2}May I/,
    );
    expect(open.stdout).toContain(
      '\n      Bash: rm -rf build\n      1) Allow once  2) Allow for this task  3) Deny\n',
    );
    const all = await machine.run(['questions', '--all'], { env: { COLUMNS: '90' } });
    expect(all.stdout).toContain('May I run it? [answered by sam: Allow once]');
    expect(server.calls()).toEqual(['GET /api/questions?status=open', 'GET /api/questions?status=all']);
  });
});

describe('answer', () => {
  const asks = (...questions: QuestionView[]) => {
    answer = ({ method, url, json }) => {
      if (method !== 'GET') {
        const given = { option: json['option'] ?? null, text: json['text'] ?? null };
        return { json: { question: { ...questions[0], ...answered, answer: given } } };
      }
      return {
        json: { questions: questions.filter(({ status }) => url.includes('all') || status === 'open') },
      };
    };
  };

  it.each([['allow_task'], ['Allow for this task'], ['allow FOR this TASK'], ['2']])(
    'takes an option by its id, label or number: %s',
    async (word) => {
      asks(questionView());
      const ran = await machine.run(['answer', '12', word]);
      expect(sent()).toEqual([{ option: 'allow_task' }]);
      expect(ran.stdout).toBe('✅ Question 12 of task #5 answered by sam: Allow for this task\n');
    },
  );

  it('shows the rule that would be allowed for the whole task', async () => {
    asks(questionView({ rule: 'Bash(npm run *)' }));
    const shown = await machine.run(['answer', '12']);
    expect(shown.stdout + shown.stderr).toContain('2) Allow for this task: Bash(npm run *)');
  });

  it('takes an id before a number, and a number of nothing for a mistake', async () => {
    asks(questionView({ options: [{ id: '2', label: 'Two' }, { id: '1', label: 'One' }] })); // prettier-ignore
    await machine.run(['answer', '12', '1']);
    expect(sent()).toEqual([{ option: '1' }]);
    const wrong = await machine.run(['answer', '12', '3']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Its options: 1) Two, 2) One; or in own words with --text.');
  });

  it('takes own words beside an option, instead of one, and where there is none', async () => {
    asks(questionView());
    await machine.run(['answer', '12', 'deny', '--text', 'Use make clean']);
    await machine.run(['answer', '12', '--text', '-'], { stdin: 'Ask Sam\n' });
    asks(questionView({ kind: 'text', options: [] }));
    await machine.run(['answer', '12', 'Port 8080']);
    expect(sent()).toEqual([
      { option: 'deny', text: 'Use make clean' },
      { text: 'Ask Sam' },
      { text: 'Port 8080' },
    ]);
  });

  it('without an option shows it; exit 2 says that nothing was answered', async () => {
    asks(questionView());
    const ran = await machine.run(['answer', '12']);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain(
      '❓ Task #5 asks for permission (question 12)\n   May I run it?\n   Bash: rm -rf build\n',
    );
    expect(ran.stdout).toContain('2) Allow for this task (allow_task)');
    expect(sent()).toEqual([]);
    const json = await machine.run(['answer', '12', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ question: { id: 12 } });
  });

  it.each([
    ['1\n', { option: 'allow_once' }],
    ['no, use make clean\n', { text: 'no, use make clean' }],
  ])('asks on a terminal: %j', async (stdin, body) => {
    asks(questionView());
    const ran = await machine.run(['answer', '12'], { stdin, columns: 80 });
    expect(sent()).toEqual([body]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('Answer (1-3, or in own words): ');
  });

  it.each([['\n'], ['7\n']])('asked on a terminal and answered with %j does nothing', async (stdin) => {
    asks(questionView());
    const ran = await machine.run(['answer', '12'], { stdin, columns: 80 });
    expect(ran.code).not.toBe(0);
    expect(sent()).toEqual([]);
  });

  it('shows what became of one that was answered, and leaves it to the server to refuse another answer', async () => {
    asks(questionView(answered));
    const shown = await machine.run(['answer', '12']);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain('answered by sam: Allow once');
    const before = answer;
    answer = (request) => (request.method === 'GET' ? before(request) : refusal(409, 'invalid_transition'));
    expect((await machine.run(['answer', '12', 'deny'])).code).toBe(5);
  });

  it('of a question that is not there is exit 1', async () => {
    asks();
    expect(await machine.run(['answer', '99', '1'])).toMatchObject({ code: 1 });
    expect((await machine.run(['answer', 'x', '1'])).code).toBe(2);
  });
});

describe('usage', () => {
  const numbers = { tasks: 2, input_tokens: 1_200_000, output_tokens: 900 };
  const usage = {
    total_cost_usd: 3.5,
    ...numbers,
    groups: [
      { project: 'notes', model: 'm-1', cost_usd: 0.0123, ...numbers },
      { project: null, model: 'm-2', cost_usd: 3.4877, ...numbers },
    ],
  };

  it('is a table, the dearest first, with the sum below', async () => {
    answer = () => ({ json: usage });
    const { stdout } = await machine.run(['usage', '--by', 'model,project']);
    expect(server.calls()).toEqual(['GET /api/usage?group_by=project%2Cmodel']);
    expect(stdout).toBe(
      [
        '   COST  TASKS  INPUT  OUTPUT  PROJECT · MODEL',
        '  $3.49      2   1.2M     900  - · m-2',
        '$0.0123      2   1.2M     900  notes · m-1',
        '',
        '$3.50 for 2 tasks, 1.2M tokens\n',
      ].join('\n'),
    );
  });

  it.each([
    ['7d', '2026-02-22T12:00:00.000Z'],
    ['2026-02-01T08:00:00Z', '2026-02-01T08:00:00.000Z'],
    ['2026-02-01', new Date(2026, 1, 1).toISOString()],
    ['today', new Date(2026, 2, 1).toISOString()],
  ])('since %s', async (since, iso) => {
    answer = () => ({ json: usage });
    await machine.run(['usage', '--since', since]);
    expect(new URLSearchParams(server.seen[0]?.url.split('?')[1]).get('since')).toBe(iso);
  });

  it.each([[['--since', 'monday']], [['--since', '2026-13-40']], [['--by', 'task']], [['--by', '']]])(
    '%j is a usage error',
    async (argv) => {
      expect((await machine.run(['usage', ...argv])).code).toBe(2);
      expect(server.seen).toEqual([]);
    },
  );
});
