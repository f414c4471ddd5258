/**
 * How npm inside a container reaches the packages: as npm on this machine does. The settings are mounted while
 * a command runs and never become part of an image; a check looks for them afterwards.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Lab } from './lab.ts';
import { run } from './run.ts';

export interface NpmAccess {
  readonly settings: string;
  readonly certificates: string;
  /** Lines of the settings that nobody else should read. */
  readonly secrets: readonly string[];
}

export const CERTIFICATES = '/run/npm-certificates.pem';

export async function npmAccess(lab: Lab): Promise<NpmAccess> {
  const folder = lab.room('npm', 0o711);
  const own = (await run(['npm', 'config', 'get', 'userconfig'])).stdout.trim();
  const text = existsSync(own) ? readFileSync(own, 'utf8') : '';
  // Paths of this machine mean nothing inside.
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !/^(nodedir|prefix|cache|cafile)\s*=/.test(line));
  const settings = path.join(folder, 'npmrc');
  const certificates = path.join(folder, 'certificates.pem');
  const bundle = process.env.NODE_EXTRA_CA_CERTS ?? '/etc/ssl/certs/ca-certificates.crt';
  writeFileSync(certificates, existsSync(bundle) ? readFileSync(bundle) : '', { mode: 0o644 });
  const cafile = existsSync(bundle) ? [`cafile=${CERTIFICATES}`] : [];
  // Readable for the container's user; the folder's name is not listed for others.
  writeFileSync(settings, `${[...lines, ...cafile].join('\n')}\n`, { mode: 0o644 });
  return { settings, certificates, secrets: lines.filter((line) => /_auth|_password|token/i.test(line)) };
}
