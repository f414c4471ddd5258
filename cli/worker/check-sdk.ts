/** Is the pinned Agent SDK there, and does its program start? It is installed where it is missing. */
import { askProgram } from './ask-program.ts';
import { missing, ok, type Finding } from './finding.ts';
import { findSdk, loadSdk, SDK_VERSION } from './sdk-home.ts';
import { installSdk, type InstallDeps } from './sdk-install.ts';
import { errorText } from './worker-log.ts';

export interface SdkWays extends Omit<InstallDeps, 'progress'> {
  /** For the person who waits. */
  readonly say: (text: string) => void;
}

const MB = 1e6;
/** Of the one platform, unpacked. */
const USUAL_MB = 430;

export async function checkSdk(ways: SdkWays): Promise<Finding[]> {
  const name = `Agent SDK ${SDK_VERSION}`;
  if (findSdk(ways.folder).kind === 'missing') {
    ways.say(`Installing the Claude ${name} (about ${USUAL_MB} MB) into ${ways.folder} ...`);
    const progress = (bytes: number) => {
      ways.say(bytes < MB ? '  downloading' : `  ${Math.round(bytes / MB)} of about ${USUAL_MB} MB`);
    };
    const failure = await installSdk({ ...ways, progress });
    if (failure !== null) {
      const next = 'Put that right, then run "claude-task-client work setup" again.';
      return [missing(name, failure, next)];
    }
  }
  const again = `Remove ${ways.folder}, then run this again.`;
  try {
    const { program } = await loadSdk(ways.folder);
    const said = await askProgram(program, { args: ['--version'], env: ways.env });
    if (said.kind === 'said') return [ok(name, `It is installed; its program says ${said.text}.`)];
    const why = said.kind === 'failed' ? said.detail : 'it is not there, or not for this system';
    return [missing(name, `Its program does not start: ${why}`, again)];
  } catch (error) {
    return [missing(name, `It cannot be loaded: ${errorText(error)}`, again)];
  }
}
