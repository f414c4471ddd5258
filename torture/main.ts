/**
 * `npm run torture`: real server, real clients and a stand-in for Discord under every fault that can be had on one
 * machine, until an oracle says whether anything was lost or doubled. Exits with 1 when it found something.
 */
import { readOptions, USAGE, type Options } from './options.ts';
import { report } from './report.ts';
import { removeFolder, runTorture } from './run.ts';
import { cleanUp } from '../tests/support/http-process.ts';

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => {
    process.stderr.write('torture: ending; once more to leave at once\n');
    stop.abort();
    process.once('SIGINT', () => process.exit(130));
  });
  process.once('SIGTERM', () => {
    stop.abort();
  });
  process.stderr.write(`torture: seed ${options.seed}, ${options.minutes} min\n`);
  const progress = (line: string) => process.stderr.write(`torture: ${line}\n`);
  try {
    const run = await runTorture(options, { progress, stop: stop.signal });
    console.log(report(run));
    const isClean = run.verdict.findings.length === 0;
    if (isClean && !options.keep) removeFolder(run.world);
    return isClean ? 0 : 1;
  } catch (error) {
    process.stderr.write(
      `The torture run broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    await cleanUp();
  }
}

process.exitCode = await main();
