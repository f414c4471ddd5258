/**
 * Where the process begins. The build puts the whole program in here as a text: Node reads a module to its end
 * before it runs any of it, and `--version` has no use for the other 99 %.
 */
import fs from 'node:fs';
import type * as Program from './start.ts';
import { VERSION } from './version.ts';

declare const CLIENT_PROGRAM: string | undefined;

const [first, ...rest] = process.argv.slice(2);
if ((first === '--version' || first === '-V') && rest.length === 0) fs.writeSync(1, `${VERSION}\n`);
else await (await load()).start(process.env);

async function load(): Promise<typeof Program> {
  if (typeof CLIENT_PROGRAM !== 'string') return import('./start.ts');
  const { compileFunction } = process.getBuiltinModule('node:vm');
  const { createRequire } = process.getBuiltinModule('node:module');
  const program = { exports: {} };
  const run = compileFunction(CLIENT_PROGRAM, ['require', 'module']) as (
    require: NodeJS.Require,
    module: { exports: object },
  ) => void;
  run(createRequire(import.meta.url), program);
  return program.exports as typeof Program;
}
