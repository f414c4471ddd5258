/** `athena restore FILE` */
import { readConfig } from '../config.ts';
import { restoreDatabase, type Found, type Restored } from '../store/restore.ts';
import { EXIT, Interrupted, type Terminal } from './terminal.ts';
import { bytesText, countText, timeText } from './words.ts';

/** A server that is just stopping is waited for; one that runs is not. */
const LOCK_WAIT_MS = 2000;

export async function runRestore(
  { file, isSure }: { file: string; isSure: boolean },
  terminal: Terminal,
): Promise<number> {
  const { databasePath: path } = readConfig(terminal.environment);
  if (!isSure && !terminal.canAsk) {
    terminal.err('Nobody can be asked here. Add --yes to replace the database without a question.\n');
    return EXIT.usage;
  }
  let isInterrupted = false;
  const forget = terminal.onInterrupt(() => {
    isInterrupted = true;
  });
  try {
    const restored = await restoreDatabase({
      file,
      path,
      clock: terminal.clock,
      lockWaitMs: LOCK_WAIT_MS,
      confirm: (found) => confirm(found, { file, path, isSure, terminal }),
      reached(step) {
        // From there on it is quicker to finish than to go back.
        if (isInterrupted && (step === 'locked' || step === 'copied' || step === 'verified'))
          throw new Interrupted();
      },
    });
    if (restored === null) {
      terminal.err('Nothing was changed.\n');
      return EXIT.failure;
    }
    terminal.out(report(restored, { file, path }));
    return EXIT.done;
  } finally {
    forget();
  }
}

interface Question {
  readonly file: string;
  readonly path: string;
  readonly isSure: boolean;
  readonly terminal: Terminal;
}

async function confirm({ facts, hasChecksum, replaces }: Found, question: Question): Promise<boolean> {
  const { file, path, isSure, terminal } = question;
  if (!hasChecksum)
    terminal.err(`There is no ${file}.sha256 to check against; the file is sound as a database.\n`);
  if (isSure || !replaces) return true;
  const newest = facts.newestEventAt === null ? '' : `, newest event ${timeText(facts.newestEventAt)}`;
  const what = `${countText(facts.tasks, 'task')}, ${countText(facts.events, 'event')}${newest}`;
  const answer = await terminal.ask(
    `${file}: ${what}.\nReplace ${path} with it? What happened since then will be gone. [y/N] `,
  );
  return /^y(es)?$/i.test(answer.trim());
}

function report({ facts, keptAs }: Restored, { file, path }: { file: string; path: string }): string {
  const what = [bytesText(facts.bytes), countText(facts.tasks, 'task'), countText(facts.events, 'event')];
  const done = `Restored ${path} from ${file} (${what.join(', ')}). Start the server now.\n`;
  if (keptAs === null) return done;
  return `${done}The database of before is kept as ${keptAs}\nTo go back: stop the server, then  athena restore ${keptAs}\nDelete it when you no longer need it.\n`;
}
