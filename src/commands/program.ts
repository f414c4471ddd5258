/** The server's own commands. Parsing, help and exit codes; what each does is in its own file. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { DatabaseRefused } from '../store/database-refused.ts';
import { runBackup } from './backup.ts';
import { runDoctor } from './doctor.ts';
import { runRestore } from './restore.ts';
import { EXIT, Interrupted, type Terminal } from './terminal.ts';

const AFTER = `
Settings come from the environment, as for the server: DB_PATH names the database.

Examples:
  $ athena backup /mnt/backup/tasks.db
  $ athena restore /mnt/backup/tasks.db
  $ athena doctor
`;

/** Resolves with the exit code. */
export async function runCommand(
  argv: readonly string[],
  { terminal, version }: { terminal: Terminal; version: string },
): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(terminal, version, async (run) => {
    code = await run();
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return tell(error, terminal);
  }
}

type Chosen = (run: () => Promise<number>) => Promise<void>;

function createProgram(terminal: Terminal, version: string, chosen: Chosen): Command {
  const program = new Command('athena')
    .description('Athena, a durable task queue. Without a command: starts the server.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('See "athena --help".')
    .addHelpText('after', AFTER)
    .exitOverride();
  program.command('serve').description('start the server, as without a command');
  program
    .command('backup <file>')
    .description('copy the database into FILE, while the server runs or not, and verify the copy')
    .option('-f, --force', 'replace FILE if it exists')
    .action((file: string, options: { force?: boolean }) =>
      chosen(() => runBackup({ file, replace: options.force === true }, terminal)),
    );
  program
    .command('restore <file>')
    .description('put a backup in the place of the database; the server must be stopped')
    .option('-y, --yes', 'do not ask')
    .action((file: string, options: { yes?: boolean }) =>
      chosen(() => runRestore({ file, isSure: options.yes === true }, terminal)),
    );
  program
    .command('doctor')
    .description('look at settings, files, disk, database, clock, port and Discord, and say what to do')
    .option('--json', 'print one JSON document')
    .action((options: { json?: boolean }) =>
      chosen(() => runDoctor({ isJson: options.json === true, version }, terminal)),
    );
  return program;
}

function tell(error: unknown, terminal: Terminal): number {
  // Commander has written what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Interrupted) {
    terminal.err(`${error.message}\n`);
    return EXIT.interrupted;
  }
  if (error instanceof ConfigError) {
    terminal.err(`${error.message}\n`);
    return EXIT.usage;
  }
  if (!(error instanceof DatabaseRefused)) throw error;
  terminal.err(`${error.message}\n`);
  return EXIT.failure;
}
