/** The port: free while no server runs, answered by Athena while one does; and this machine's clock. */
import { createServer } from 'node:net';
import type { Config } from '../../config.ts';
import { Health } from '../../contract/stats.ts';
import { ok, problem, warning, type Finding } from '../../core/finding.ts';

const PATIENCE_MS = 3000;

export async function examineServer({ http }: Config, isServed: boolean): Promise<readonly Finding[]> {
  if (http.port === 0) return [ok('port', 'is chosen anew at each start (API_PORT is 0)')];
  const health = await askHealth(http);
  if (health !== null) return judge(health, http.port);
  if (await isFree(http)) {
    if (!isServed) return [ok('port', `${http.port} is free`)];
    const todo = 'Give the doctor the same API_HOST and API_PORT as the server.';
    return [warning('port', `a server uses the database, but none answers on port ${http.port}`, todo)];
  }
  const todo = 'Stop the other program, or set API_PORT to another port.';
  return [problem('port', `${http.port} cannot be used, and it is not Athena that answers there`, todo)];
}

function judge(health: Health, port: number): readonly Finding[] {
  const { notifications, backup } = health;
  const findings = [
    health.status === 'healthy'
      ? ok('server', `version ${health.version} answers on port ${port}`)
      : problem('server', `answers on port ${port} that it is ${health.status}`, 'Its log says why.'),
  ];
  if (notifications.blocked) {
    const why = notifications.blocked_reason ?? 'notifications cannot be delivered';
    findings.push(
      problem('notifications', why, 'Nothing is lost; they go on by themselves once that is mended.'),
    );
  }
  if (backup?.ok === false)
    findings.push(
      warning('backups', 'the last scheduled backup failed', 'The log says why; it is tried again.'),
    );
  return findings;
}

/** Where to reach what listens everywhere. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function askHealth({ host, port }: Config['http']): Promise<Health | null> {
  try {
    const answer = await fetch(`http://${reachable(host)}:${port}/health`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const health = Health.safeParse(await answer.json());
    return health.success && health.data.service === 'athena-bot' ? health.data : null;
  } catch {
    return null;
  }
}

function isFree({ host, port }: Config['http']): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, host, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

const BUILT_AFTER = Date.UTC(2026, 0, 1);
const SKEW_MS = 60_000;

/** `others` is what another machine's answer said the time was, if one answered. */
export function examineClock(now: Date, others: Date | null): Finding {
  const shown = now.toISOString();
  const todo = 'Set it, and let a time service keep it (timedatectl set-ntp true): leases depend on it.';
  if (now.getTime() < BUILT_AFTER) return problem('clock', `says ${shown}, which is long past`, todo);
  if (others === null) return ok('clock', `says ${shown}; nobody to compare it with`);
  const skewMs = now.getTime() - others.getTime();
  const seconds = Math.round(skewMs / 1000);
  if (Math.abs(skewMs) > SKEW_MS)
    return warning('clock', `says ${shown}, ${seconds} s from what Discord says`, todo);
  return ok('clock', `says ${shown}, as Discord does`);
}
