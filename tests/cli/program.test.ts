import { describe, expect, it } from 'vitest';
import { COMMANDS, parse } from '../../cli/program.ts';

const screen = { isJson: false, width: 60 };
const names = COMMANDS.map(({ usage }) => usage.split(' ')[0] ?? '');

const host = { worker: () => import('../../cli/worker-program.ts') };

function expectWrapped(help: string): void {
  const lines = help.slice(0, help.indexOf('Examples:')).split('\n');
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
}

describe('the command line', () => {
  it('knows every command of the contract', () => {
    expect([...names].sort()).toEqual(
      ['add', 'answer', 'audit', 'cancel', 'check', 'checkout', 'claim', 'complete', 'edit', 'fail', 'heartbeat', 'keys', 'list', 'login', 'next', 'pause', 'priority', 'questions', 'release', 'reply', 'requeue', 'resume', 'show', 'status', 'usage', 'watch', 'work'], // prettier-ignore
    );
  });

  it.each(names)('%s has help with an example and --json, and a module that runs', async (name) => {
    const parsed = await parse([name, '--help'], screen);
    expect(parsed).toHaveProperty('help');
    const { help } = parsed as { help: string };
    expect(help).toContain('Examples:\n  $ claude-task-client');
    expect(help).toContain('--json');
    const spec = COMMANDS.find(({ usage }) => usage.split(' ')[0] === name);
    expect(typeof (await spec?.load(host))?.run).toBe('function');
    for (const one of spec?.subcommands ?? []) {
      expect(typeof (await one.load(host)).run).toBe('function');
      const { help } = (await parse([name, one.usage.split(' ')[0] ?? '', '--help'], screen)) as {
        help: string;
      };
      expect(help).toContain(`Examples:\n  $ claude-task-client ${name} `);
      expectWrapped(help);
    }
  });

  it('shows help for everything without words, with help and with --help', async () => {
    for (const argv of [[], ['help'], ['--help'], ['-h']]) {
      const { help } = (await parse(argv, screen)) as { help: string };
      expect(help).toContain('Exit codes:');
      expect(help.match(/^ {2}claim /m)).not.toBeNull();
    }
    expect((await parse(['help', 'claim'], screen)) as { help: string }).toHaveProperty('help');
  });

  it('wraps its help to the terminal', async () => {
    for (const name of names) {
      const { help } = (await parse([name, '--help'], screen)) as { help: string };
      expectWrapped(help);
    }
  });

  it('takes words, options and what looks like options behind --', async () => {
    expect(await parse(['add', '-p', 'high', '--', '-x'], screen)).toMatchObject({
      given: { words: ['-x'], options: { priority: 'high' } },
    });
    expect(await parse(['add', 'x', '--requires', 'gpu,docker', '--requires', 'arm'], screen)).toMatchObject({
      given: { options: { requires: 'gpu,docker,arm' } },
    });
    expect(await parse(['fail', '5', '-e', '-', '--no-retry'], screen)).toMatchObject({
      given: { words: ['5'], options: { error: '-', retry: false } },
    });
    expect(await parse(['--json', 'claim', '--wait', '5'], screen)).toMatchObject({
      given: { words: [undefined], options: { wait: '5' } },
    });
  });

  it('takes the command of a group, or the group itself, with their options in any place', async () => {
    const config = { options: { config: 'w.yaml' } };
    for (const argv of [
      ['work', 'check', '--config', 'w.yaml'],
      ['work', '--config', 'w.yaml', 'check'],
    ]) {
      expect(await parse(argv, screen)).toMatchObject({ spec: { usage: 'check' }, given: config });
    }
    expect(await parse(['work', '--config', 'w.yaml'], screen)).toMatchObject({
      spec: { usage: 'work' },
      given: config,
    });
  });

  it.each([
    [['work', 'chekc'], /^Too many arguments/, 'See "claude-task-client work --help".'],
    [['lsit'], "Unknown command 'lsit'.", 'Did you mean list?'],
    [['frobnicate'], "Unknown command 'frobnicate'.", 'See "claude-task-client --help".'],
    [['list', '--stats', 'all'], "Unknown option '--stats'.", 'Did you mean --status?'],
    [['show'], "Missing required argument 'id'.", 'See "claude-task-client show --help".'],
    [['add', 'two', 'words'], /^Too many arguments/, 'Put a text of several words in quotes.'],
    [['complete', '5', '-n'], /argument missing/, 'See "claude-task-client complete --help".'],
  ])('%j is a usage error', async (argv, message, hint) => {
    const error = await parse(argv, screen).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'usage',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
      facts: { hint },
    });
  });
});
