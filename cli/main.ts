/**
 * Where the process begins. The build puts two programs in here as texts, the client and the worker: Node reads a
 * module to its end before it runs any of it, and `--version` has no use for the other 99 %, nor `check` for the
 * worker.
 */
import fs from 'node:fs';
import { hideKnownWarnings } from './known-warnings.ts';
import type * as Program from './start.ts';
import { VERSION } from './version.ts';
import type * as Worker from './worker-program.ts';

declare const CLIENT_PROGRAM: string | undefined;
declare const WORKER_PROGRAM: string | undefined;

const [first, ...rest] = process.argv.slice(2);
if ((first === '--version' || first === '-V') && rest.length === 0) fs.writeSync(1, `${VERSION}\n`);
else await (await loadClient()).start(process.env, loadWorker);

async function loadClient(): Promise<typeof Program> {
  if (typeof CLIENT_PROGRAM !== 'string') return import('./start.ts');
  return compile(CLIENT_PROGRAM) as typeof Program;
}

async function loadWorker(): Promise<typeof Worker> {
  hideKnownWarnings();
  if (typeof WORKER_PROGRAM !== 'string') return import('./worker-program.ts');
  return compile(WORKER_PROGRAM) as typeof Worker;
}

function compile(text: string): object {
  const { compileFunction, constants } = process.getBuiltinModule('node:vm');
  const { createRequire } = process.getBuiltinModule('node:module');
  const program = { exports: {} };
  const run = compileFunction(text, ['require', 'module'], {
    // So that `import()` works in it: the worker loads the Agent SDK from a folder of its own.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (require: NodeJS.Require, module: { exports: object }) => void;
  run(createRequire(import.meta.url), program);
  return program.exports;
}
