/** What the worker is made of, as one program beside the client: it brings what no other command needs. */
import type { WorkerProgram } from './command.ts';
import { run as work } from './commands/work.ts';
import { run as workCheck } from './commands/work-check.ts';
import { run as workKept } from './commands/work-kept.ts';
import { run as workSetup } from './commands/work-setup.ts';

export const runs: WorkerProgram['runs'] = { work, workCheck, workKept, workSetup };
