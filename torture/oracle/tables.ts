/** Reads all that the oracle looks at from a database that nobody uses any more. */
import Database from 'better-sqlite3';

export interface TaskRow {
  readonly id: number;
  readonly description: string;
  readonly status: string;
  readonly priority: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly instance_id: string | null;
  readonly lease_id: string | null;
  readonly notes: string | null;
  readonly origin_ref: string | null;
  readonly created_by: string;
}

export interface EventRow {
  readonly id: number;
  readonly task_id: number;
  readonly action: string;
  readonly actor: string;
  readonly instance_id: string | null;
  readonly timestamp: number;
  readonly details: EventDetails;
}

export interface EventDetails {
  readonly description?: string;
  readonly priority?: string;
  readonly instance_name?: string;
  readonly attempt?: number;
  readonly reason?: string;
  readonly error?: string;
  readonly notes?: string;
}

export interface LeaseRow {
  readonly lease_id: string;
  readonly task_id: number;
  readonly instance_id: string;
  readonly attempt: number;
  readonly claimed_at: number;
  readonly ended_at: number | null;
  readonly ended_by: string | null;
  readonly outcome: string | null;
}

export interface LinkRow {
  readonly task_id: number;
  readonly channel_id: string;
  readonly message_id: string;
}

export interface Tables {
  readonly tasks: readonly TaskRow[];
  /** In commit order. */
  readonly events: readonly EventRow[];
  readonly leases: readonly LeaseRow[];
  readonly links: readonly LinkRow[];
  readonly counts: Readonly<Record<string, number>>;
  readonly paused: boolean;
  /** What SQLite itself finds wrong. */
  readonly broken: readonly string[];
}

export function readTables(file: string): Tables {
  const client = new Database(file, { readonly: true });
  try {
    const all = <R>(query: string) => client.prepare(query).all() as R[];
    const counts = all<{ status: string; n: number }>('SELECT status, n FROM task_counts');
    return {
      tasks: all<TaskRow>('SELECT * FROM tasks ORDER BY id'),
      events: all<EventRow & { details: string }>('SELECT * FROM task_logs ORDER BY id').map((row) => ({
        ...row,
        details: JSON.parse(row.details) as EventDetails,
      })),
      leases: all<LeaseRow>('SELECT * FROM leases'),
      links: all<LinkRow>("SELECT * FROM front_end_links WHERE kind = 'card'"),
      counts: Object.fromEntries(counts.map(({ status, n }) => [status, n])),
      paused: client.prepare('SELECT paused FROM queue_state').pluck().get() === 1,
      broken: whatIsBroken(client),
    };
  } finally {
    client.close();
  }
}

function whatIsBroken(client: Database.Database): string[] {
  const integrity = client.pragma('integrity_check') as { integrity_check: string }[];
  const keys = client.pragma('foreign_key_check') as object[];
  return [
    ...integrity.flatMap(({ integrity_check: said }) => (said === 'ok' ? [] : [`integrity_check: ${said}`])),
    ...keys.map((row) => `foreign_key_check: ${JSON.stringify(row)}`),
  ];
}
