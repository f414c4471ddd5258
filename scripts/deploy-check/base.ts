/**
 * The base image, made from Debian packages alone: Debian 13 with its own Node 20 and npm, where the Dockerfile's
 * default is Node 24 in Debian 12. So what is built and started here is the Dockerfile, not that Node image.
 * The same system brings Docker's own compose plugin, which needs no daemon to read a file.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isRoot, type Lab } from './lab.ts';
import { SkipError } from './report.ts';
import { has, must, run } from './run.ts';

const MINUTE = 60_000;
const PACKAGES = 'nodejs libnode-dev npm docker-compose python3 make g++'.split(' ');
const PLUGIN = 'usr/libexec/docker/cli-plugins/docker-compose';

/** Gives the archive of the root file system: `kept` if that exists, else a new one (kept there if named). */
export async function makeBase(lab: Lab, kept: string | undefined): Promise<string> {
  if (kept !== undefined && existsSync(kept)) return kept;
  if (!isRoot) throw new SkipError('debootstrap needs root');
  if (!has('debootstrap')) throw new SkipError('debootstrap is not here');
  const system = path.join(lab.room('base', 0o700), 'root');
  const archive = kept ?? path.join(lab.folder, 'base', 'base.tar');
  const mirror = await mirrorOfThisMachine();
  const include = '--include=ca-certificates';
  await must(['debootstrap', '--variant=minbase', include, 'trixie', system, ...mirror], {
    timeoutMs: 10 * MINUTE,
  });
  await installPackages(system);
  prepareNodeFolder(system);
  await must(['tar', '-C', system, '--one-file-system', '-cf', archive, '.'], { timeoutMs: 5 * MINUTE });
  await must(['rm', '-rf', '--one-file-system', system], { timeoutMs: 5 * MINUTE });
  return archive;
}

async function installPackages(system: string): Promise<void> {
  // Nothing here has to survive a power cut, and syncing each file is most of the time.
  writeFileSync(path.join(system, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...PACKAGES];
  await must(['chroot', system, ...install], { env, timeoutMs: 15 * MINUTE });
  await must(['chroot', system, 'apt-get', 'clean']);
}

/** Node's own images have everything in /usr/local, and the Dockerfile looks there for the headers. */
function prepareNodeFolder(system: string): void {
  mkdirSync(path.join(system, 'usr/local/include'), { recursive: true });
  symlinkSync('/usr/include/node', path.join(system, 'usr/local/include/node'));
}

/** The Debian mirror that this machine's apt uses; without one debootstrap takes its default. */
async function mirrorOfThisMachine(): Promise<string[]> {
  const format = '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)';
  const { stdout } = await run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const line = stdout.split('\n').find((text) => /^Debian main (?!.*security)/.test(text));
  const uri = line?.split(' ').at(-1);
  return uri?.startsWith('http') ? [uri.replace(/\/$/, '')] : [];
}

/** The compose plugin out of that archive; it is one static-enough binary. */
export async function composeFrom(archive: string, lab: Lab): Promise<string> {
  const folder = lab.room('compose-plugin');
  await must(['tar', '-C', folder, '-xf', archive, `./${PLUGIN}`]);
  return path.join(folder, PLUGIN);
}
