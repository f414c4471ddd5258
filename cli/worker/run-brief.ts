/** Lays out what a run begins with: its folders, its files, its prompt and its budget. */
import fs from 'node:fs';
import path from 'node:path';
import { safeLine } from '../text.ts';
import type { Brief } from './executor.ts';
import type { LiveRun } from './live-run.ts';
import type { Budget } from './settings.ts';
import { fetchEarlierReplies } from './earlier-replies.ts';
import { decidedIn, promptOf } from './run-prompt.ts';
import { runEnv } from './run-env.ts';
import { fetchTranscript } from './run-transcript.ts';
import { FOR_EXTRAS } from './worker-api.ts';
import { errorText } from './worker-log.ts';
import type { Workspace } from './workspace-shape.ts';

export interface BriefParts {
  readonly workspace: Workspace;
  readonly left: Budget;
  readonly mark: string;
}

export async function layOut(run: LiveRun, { workspace, left, mark }: BriefParts): Promise<Brief> {
  const { claim, project, kit } = run;
  const { task } = claim;
  const { folders } = workspace;
  const folder = path.join(workspace.root, 'attachments');
  const attachments = await fetchAttachments(run, folder);
  const resume = await fetchTranscript(run, workspace.root);
  const isResumed = resume !== null;
  const earlier = isResumed ? [] : await fetchEarlierReplies(run);
  const start = { ...claim.run, replies: [...earlier, ...claim.run.replies] };
  const isRestored = workspace.restoredFrom !== null;
  return {
    taskId: task.id,
    run: claim.run.number,
    branch: workspace.branch,
    prompt: promptOf({ task, run: start, isResumed, attachments, isRestored }),
    replies: claim.run.replies.map(({ number }) => number),
    project,
    model: task.model ?? project.model,
    folders,
    projectConfig: workspace.projectConfig,
    fences: {
      open: [...workspace.alternates, ...(attachments.length === 0 ? [] : [folder])],
      closed: [kit.settings.workspace],
    },
    attachments: attachments.length === 0 ? null : folder,
    env: runEnv({ env: kit.env, secrets: kit.secrets, project, folders, mark }),
    resume,
    left,
    rules: claim.run.rules,
    decided: decidedIn(claim.run.answers),
  };
}

/** Beside the clone, so that they are no part of its changes. Returns their paths. */
async function fetchAttachments(run: LiveRun, folder: string): Promise<string[]> {
  const { claim, kit, stopper } = run;
  const paths: string[] = [];
  for (const { number, name } of claim.run.attachments) {
    try {
      const { signal } = stopper;
      const at = { taskId: claim.task.id, leaseId: claim.lease.lease_id, signal, patience: FOR_EXTRAS };
      const bytes = await kit.files.attachment(at, number);
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, fileName(number, name));
      fs.writeFileSync(file, bytes, { mode: 0o600 });
      paths.push(file);
    } catch (error) {
      if (stopper.signal.aborted) return paths;
      const text = `The attachment ${safeLine(name)} could not be fetched: ${errorText(error)}`;
      run.poster.add({ kind: 'notice', text });
    }
  }
  return paths;
}

/** What people called it, without anything that could lead elsewhere. */
function fileName(number: number, name: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '')
    .slice(-100);
  return `${number}-${plain === '' ? 'file' : plain}`;
}
