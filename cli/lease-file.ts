/**
 * The leases claimed on this machine, so that a later process can prove that it holds a task. One file for all
 * servers and instances, keyed by server, instance and task.
 */
import path from 'node:path';
import { readIfThere, updateFile, type Sleep } from './files.ts';

export interface Lease {
  readonly task_id: number;
  readonly lease_id: string;
  readonly expires_at: string;
}

interface SavedLease extends Lease {
  readonly api_url: string;
  readonly instance: string;
}

export interface LeaseFile {
  find(taskId: number): Lease | undefined;
  all(): Lease[];
  remember(...leases: Lease[]): Promise<void>;
  /** New expiries of leases that are still remembered; one that ended meanwhile does not come back. */
  renew(...leases: Lease[]): Promise<void>;
  /** Only that very lease: a newer one on the same task stays. */
  forget(...leaseIds: string[]): Promise<void>;
}

export interface LeaseFileDeps {
  readonly folder: string;
  readonly apiUrl: string;
  readonly instanceId: string;
  readonly sleep: Sleep;
  readonly now: () => number;
}

/** A lease that ran out this long ago is of no use to anybody. */
const KEPT_AFTER_EXPIRY_MS = 7 * 24 * 3_600_000;

export function createLeaseFile({ folder, apiUrl, instanceId, sleep, now }: LeaseFileDeps): LeaseFile {
  const file = path.join(folder, 'leases.json');
  const isOurs = (lease: SavedLease) => lease.api_url === apiUrl && lease.instance === instanceId;
  const isFresh = (lease: SavedLease) => !(Date.parse(lease.expires_at) + KEPT_AFTER_EXPIRY_MS < now());

  const change = (edit: (leases: SavedLease[]) => SavedLease[]) =>
    updateFile(
      file,
      (text) => {
        const leases = parse(text);
        const kept = edit(leases);
        return kept.length === leases.length && kept.every((lease, at) => lease === leases[at])
          ? undefined
          : `${JSON.stringify({ leases: kept }, null, 2)}\n`;
      },
      sleep,
    );

  const all = () => parse(readIfThere(file)).filter(isOurs);
  return {
    all,
    find: (taskId) => all().find((lease) => lease.task_id === taskId),
    remember: (...leases) =>
      change((saved) => [
        ...saved.filter(
          (lease) =>
            isFresh(lease) && !(isOurs(lease) && leases.some((one) => one.task_id === lease.task_id)),
        ),
        ...leases.map(({ task_id, lease_id, expires_at }) => ({
          api_url: apiUrl,
          instance: instanceId,
          task_id,
          lease_id,
          expires_at,
        })),
      ]),
    renew: (...leases) =>
      change((saved) =>
        saved.map((lease) => {
          const renewed = isOurs(lease) && leases.find((one) => one.lease_id === lease.lease_id);
          return renewed ? { ...lease, expires_at: renewed.expires_at } : lease;
        }),
      ),
    forget: async (...leaseIds) => {
      if (!all().some((lease) => leaseIds.includes(lease.lease_id))) return;
      await change((saved) => saved.filter((lease) => !(isOurs(lease) && leaseIds.includes(lease.lease_id))));
    },
  };
}

/** A file that is no list of leases holds none: the server knows what is held, and the next claim writes anew. */
function parse(text: string | undefined): SavedLease[] {
  try {
    const value = JSON.parse(text ?? '{}') as { leases?: unknown };
    return Array.isArray(value.leases) ? value.leases.filter(isLease) : [];
  } catch {
    return [];
  }
}

function isLease(value: unknown): value is SavedLease {
  if (typeof value !== 'object' || value === null) return false;
  const lease = value as Record<string, unknown>;
  const texts = ['api_url', 'instance', 'lease_id', 'expires_at'];
  return typeof lease['task_id'] === 'number' && texts.every((field) => typeof lease[field] === 'string');
}
