/** The command tree. It parses and writes help, and does nothing else. */
import { Command, CommanderError } from 'commander';
import type { CommandSpec, Given, OptionValue } from './command.ts';
import { PEOPLE_COMMANDS } from './catalogue-people.ts';
import { RUN_COMMANDS } from './catalogue-runs.ts';
import { WORKER_COMMANDS } from './catalogue-worker.ts';
import { usageError, type ClientError } from './errors.ts';
import { ENVIRONMENT_HELP } from './help.ts';
import { VERSION } from './version.ts';

/** As the help shows them. */
const GROUPS: readonly (readonly [title: string, specs: readonly CommandSpec[]])[] = [
  ['On a machine that works on tasks:', WORKER_COMMANDS],
  ['What workers do:', RUN_COMMANDS],
  ['The queue:', PEOPLE_COMMANDS],
];
export const COMMANDS: readonly CommandSpec[] = GROUPS.flatMap(([, specs]) => specs);

export type Parsed = { readonly spec: CommandSpec; readonly given: Given } | { readonly help: string };

export async function parse(
  argv: readonly string[],
  { isJson, width }: { isJson: boolean; width: number },
): Promise<Parsed> {
  let written = '';
  let parsed: Parsed | undefined;
  const program = createProgram({
    width,
    write: (text) => (written += text),
    chosen: (spec, given) => (parsed = { spec, given }),
  });
  if (argv.length === 0) return { help: program.helpInformation() + ENVIRONMENT_HELP };
  if (isJson && argv.length === 1) throw usageError('No command was given.', SEE_HELP);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw toUsageError(error, argv);
  }
  return parsed ?? { help: written };
}

const SEE_HELP = 'See "claude-task-client --help".';

interface Hooks {
  readonly width: number;
  readonly write: (text: string) => void;
  readonly chosen: (spec: CommandSpec, given: Given) => void;
}

function createProgram({ width, write, chosen }: Hooks): Command {
  const program = new Command('claude-task-client')
    .description('See, claim and complete the tasks that wait in Athena.')
    .version(VERSION, '-V, --version', 'print the version')
    .option('--json', 'print one JSON document')
    .helpOption('-h, --help', 'show help')
    .commandsGroup('More:')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', ENVIRONMENT_HELP)
    .configureOutput({
      writeOut: write,
      writeErr: () => {},
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .exitOverride();
  for (const [title, specs] of GROUPS) {
    program.commandsGroup(title);
    for (const spec of specs) addCommand(program, spec, chosen);
  }
  return program;
}

function addCommand(parent: Command, spec: CommandSpec, chosen: Hooks['chosen']): void {
  const examples = spec.examples.map(([line, what]) => `  $ ${line}\n      ${what}`).join('\n');
  const command = parent
    .command(spec.usage)
    .summary(spec.summary)
    .description([sentenceOf(spec.summary), ...(spec.detail === undefined ? [] : [spec.detail])].join('\n\n'))
    .option('--json', 'print one JSON document')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', `\nExamples:\n${examples}\n`);
  for (const [flags, text, repeat] of spec.options ?? []) {
    if (repeat === undefined) command.option(flags, text);
    else
      command.option(flags, text, (value: string, before?: string) => [before, value].filter(Boolean).join());
  }
  command.action((...received: unknown[]) => {
    const words = received.slice(0, command.registeredArguments.length) as (string | undefined)[];
    // An option that a group knows, too, is taken by the group, wherever it stands.
    chosen(spec, { words, options: command.optsWithGlobals<Record<string, OptionValue>>() });
  });
  for (const one of spec.subcommands ?? []) addCommand(command, one, chosen);
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}

/** Commander's words, as one sentence with the next step. */
function toUsageError({ message, code }: CommanderError, argv: readonly string[]): ClientError {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const suggestion = more.join(' ').replace(/^\((.*)\)$/, '$1');
  const command = argv.find((word) => !word.startsWith('-'));
  const spec = COMMANDS.find(({ usage }) => usage.split(' ')[0] === command);
  const isText = code === 'commander.excessArguments' && spec?.subcommands === undefined;
  const quote = isText ? 'Put a text of several words in quotes.' : '';
  const help = spec === undefined ? SEE_HELP : `See "claude-task-client ${command ?? ''} --help".`;
  return usageError(sentenceOf(first), suggestion || quote || help);
}
