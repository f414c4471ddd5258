/** Is `worker.yaml` right? Every problem at once, by line and field, so that one look is enough to correct it. */
import path from 'node:path';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { text } from '../given.ts';
import { safeLine } from '../text.ts';
import { checkWorkerFile, formatProblem, thisMachine, workerConfigFile } from '../worker/worker-config.ts';

export function run(deps: Deps, given: Given): Promise<Outcome> {
  return Promise.resolve().then(() => outcomeOf(deps, given));
}

function outcomeOf({ host }: Deps, { options }: Given): Outcome {
  const file = path.resolve(host.cwd(), text(options['config']) ?? workerConfigFile(host));
  const { settings, problems } = checkWorkerFile(file, thisMachine(host));
  if (settings !== undefined) {
    const names = Object.keys(settings.projects);
    const projects = `${names.length === 1 ? 'project' : 'projects'} ${names.join(', ')}`;
    return {
      json: { file, ok: true, problems: [], name: settings.name, projects: names },
      lines: [`✅ ${safeLine(file)} is in order: worker ${safeLine(settings.name)}, ${projects}`],
    };
  }
  const many = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return {
    json: { file, ok: false, problems },
    lines: problems.map((problem) => safeLine(formatProblem(file, problem))),
    failure: new ClientError('bad_config', `${many} in ${file}.`, {
      hint: `Correct ${problems.length === 1 ? 'it' : 'them'}, then look again.`,
    }),
  };
}
