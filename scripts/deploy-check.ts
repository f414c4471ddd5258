/**
 * Checks every deployment artefact for real, on a Debian machine without Docker's daemon. Started by deploy/check.
 * The order is from cheap to dear; what one part makes (base image, engine, image), later ones use.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  checkServerByCompose,
  checkServerBySystemd,
  checkServerDryRun,
} from './deploy-check/ansible-server.ts';
import { checkWorkers } from './deploy-check/ansible-worker.ts';
import { makeBase } from './deploy-check/base.ts';
import { checkBooted } from './deploy-check/booted.ts';
import { checkByReadme } from './deploy-check/by-readme.ts';
import { checkComposeFiles } from './deploy-check/compose-config.ts';
import { findCompose, type ComposeTool } from './deploy-check/compose-tool.ts';
import { checkContainer, checkStockNode } from './deploy-check/container.ts';
import { startEngine, type Engine } from './deploy-check/engine.ts';
import { checkImage } from './deploy-check/image.ts';
import { createLab, root } from './deploy-check/lab.ts';
import { npmAccess } from './deploy-check/npm-access.ts';
import { checkSyntax, lintRoles } from './deploy-check/playbook.ts';
import { createReport, SkipError } from './deploy-check/report.ts';
import { endAll, has } from './deploy-check/run.ts';
import { checkUnit } from './deploy-check/unit.ts';
import { checkWorkerImage } from './deploy-check/worker-image.ts';

const PARTS = ['systemd', 'compose', 'ansible', 'install', 'image', 'stock', 'worker'] as const;
const { values: given } = parseArgs({
  options: {
    strict: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: PARTS.join() },
    base: { type: 'string' },
  },
});
const wanted = (part: (typeof PARTS)[number]) => given.only.split(',').includes(part);

const report = createReport((line) => {
  process.stdout.write(`${line}\n`);
});
const lab = createLab();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll();
    void lab.close().finally(() => process.exit(1));
  });
}

let made: Promise<string> | undefined;
/** Made once, when the first part asks for it; a quick run makes none. */
const base = () => {
  if (given.quick) return Promise.reject(new SkipError('not part of a quick run'));
  made ??= makeBase(lab, given.base === undefined ? undefined : path.resolve(given.base));
  return made;
};

try {
  if (wanted('systemd')) {
    await checkUnit(report);
    await checkBooted(report, lab);
  }
  if (wanted('ansible')) await checkAnsible();
  if (given.quick) report.skip('installs, builds and containers', 'not part of a quick run');
  else if (wanted('install')) await checkByReadme(report, lab);
  await checkContainers();
} finally {
  await lab.close();
}
process.exitCode = report.close(given.strict);

async function checkAnsible(): Promise<void> {
  if (!has('ansible-playbook')) {
    report.skip('ansible', 'ansible-playbook is not here');
    return;
  }
  if (has('ansible-lint')) await report.check('ansible-lint', lintRoles);
  else report.skip('ansible-lint', 'it is not here');
  await report.check('ansible syntax', checkSyntax);
  await checkServerDryRun(report, lab);
  if (existsSync(path.join(root, 'dist/main.js'))) await checkWorkers(report, lab);
  else report.skip('ansible workers', 'it needs a server to download from: npm run build');
  if (!given.quick) await checkServerBySystemd(report, lab);
}

async function checkContainers(): Promise<void> {
  const needsEngine = wanted('image') || wanted('stock') || wanted('worker');
  if (!needsEngine && !wanted('compose')) return;
  const held: { tool?: ComposeTool; engine?: Engine } = {};
  await report.check('a compose implementation', async () => {
    held.tool = await findCompose(lab, base);
    return `Docker Compose ${held.tool.version}`;
  });
  const { tool } = held;
  if (!tool) return;
  if (wanted('compose')) await checkComposeFiles(report, lab, tool);
  if (!needsEngine || given.quick) return;
  await report.check('a container engine', async () => {
    held.engine = await startEngine(lab, await base());
    return `${held.engine.kind}, behind Docker's protocol`;
  });
  if (held.engine) await checkRunning(held.engine, tool);
  else report.skip('image, containers, ansible by compose', 'no engine');
}

async function checkRunning(engine: Engine, tool: ComposeTool): Promise<void> {
  const access = await npmAccess(lab);
  const parts = { engine, tool, access };
  if (wanted('image') && (await checkImage(report, engine, access))) {
    await checkContainer(report, lab, parts);
    if (wanted('ansible') && has('ansible-playbook')) await checkServerByCompose(report, lab, parts);
  }
  if (wanted('stock')) await checkStockNode(report, lab, parts);
  if (wanted('worker')) await checkWorkerImage(report, lab, parts);
}
