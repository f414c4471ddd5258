/**
 * From the words on the command line to an exit code. Here, and only here, results and errors are written: with
 * `--json` one document goes to stdout, whatever happens; an error is one line on stderr that ends with the next step.
 */
import type { Outcome } from './command.ts';
import { createDeps, type Deps, type Host } from './deps.ts';
import { ClientError } from './errors.ts';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.ts';
import { parse } from './program.ts';
import { hintFor } from './hints.ts';
import { hideKey, safeJson, safeLine } from './text.ts';

export async function run(host: Host): Promise<ExitCode> {
  const deps = createDeps(host, wantsJson(host.argv));
  try {
    const outcome = await orAborted(execute(deps), host.signal);
    return report(outcome, deps);
  } catch (error) {
    return fail(error, deps);
  } finally {
    deps.close();
  }
}

async function execute(deps: Deps): Promise<Outcome> {
  const parsed = await parse(deps.host.argv, { isJson: deps.isJson, width: deps.io.width });
  if ('help' in parsed) return { json: { help: parsed.help }, lines: [parsed.help.trimEnd()] };
  const { run: runCommand } = await parsed.spec.load(deps.host);
  return runCommand(deps, parsed.given);
}

/** Asked before parsing, so that a mistyped command still answers in JSON. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** Ctrl-C ends any command at once, whatever it waits for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([work, aborted]);
}

function report(outcome: Outcome, { io, isJson, host }: Deps): ExitCode {
  if (isJson) io.print(safeJson(outcome.json, host.streams.stdout.isTTY ? 2 : 0));
  else if (outcome.lines.length > 0) io.print(outcome.lines.join('\n'));
  if (outcome.remark !== undefined && !isJson) io.note(outcome.remark);
  if (outcome.failure === undefined) return EXIT.done;
  io.note(sentence(outcome.failure));
  return exitCodeOf(outcome.failure);
}

function fail(error: unknown, { io, isJson, config }: Deps): ExitCode {
  const hide = (text: string) => withoutKey(text, config);
  const known =
    error instanceof ClientError ? error : new ClientError('internal_error', `Unexpected: ${String(error)}`);
  const line = hide(sentence(known));
  if (isJson) {
    const { hint = hintFor(known.code), details } = known.facts;
    const body = { error: known.code, message: known.message, hint, details };
    io.print(hide(safeJson(body, 0)));
  }
  io.note(line);
  return exitCodeOf(known);
}

function sentence({ code, message, facts }: ClientError): string {
  return safeLine(['❌', message, facts.hint ?? hintFor(code) ?? ''].join(' '));
}

/** No error shows the key, even if a server repeats it in its own message. */
function withoutKey(text: string, config: Deps['config']): string {
  try {
    return hideKey(text, config().apiKey);
  } catch {
    return text;
  }
}
