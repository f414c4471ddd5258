/** `athena backup FILE` */
import { readConfig } from '../config.ts';
import { backupDatabase, type BackupProgress } from '../store/backup.ts';
import { EXIT, Interrupted, type Terminal } from './terminal.ts';
import { bytesText, countText } from './words.ts';

/** Smaller ones are done before anybody could read how far they are. */
const WORTH_SHOWING_BYTES = 50_000_000;
const SHOWN_EVERY_MS = 200;

export async function runBackup(
  { file, replace }: { file: string; replace: boolean },
  terminal: Terminal,
): Promise<number> {
  const { databasePath } = readConfig(terminal.environment);
  const startedMs = terminal.clock.monotonicMs();
  const show = createMeter(terminal);
  let isInterrupted = false;
  const forget = terminal.onInterrupt(() => {
    isInterrupted = true;
  });
  try {
    const facts = await backupDatabase({
      path: databasePath,
      file,
      replace,
      onProgress(progress) {
        if (isInterrupted) throw new Interrupted();
        show(progress);
      },
    });
    const seconds = ((terminal.clock.monotonicMs() - startedMs) / 1000).toFixed(1);
    const what = [bytesText(facts.bytes), countText(facts.tasks, 'task'), countText(facts.events, 'event')];
    terminal.out(`Backup written and verified: ${file} (${what.join(', ')}) in ${seconds} s\n`);
    return EXIT.done;
  } finally {
    show(null);
    forget();
  }
}

/** One line that is written over and over, and wiped by null. */
function createMeter({ err, isWatched, clock }: Terminal): (progress: BackupProgress | null) => void {
  let shownMs = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return (progress) => {
    if (progress === null) {
      if (isShown) err('\r\u001b[K');
      return;
    }
    const { doing, copiedBytes, totalBytes } = progress;
    const isDue = doing === 'verifying' || clock.monotonicMs() - shownMs >= SHOWN_EVERY_MS;
    if (!isWatched || totalBytes < WORTH_SHOWING_BYTES || !isDue) return;
    shownMs = clock.monotonicMs();
    isShown = true;
    const percent = Math.floor((copiedBytes / totalBytes) * 100);
    const done = `${bytesText(copiedBytes)} of ${bytesText(totalBytes)} (${percent} %)`;
    err(`\r\u001b[K${doing === 'copying' ? `copying ${done}` : 'verifying the copy ...'}`);
  };
}
