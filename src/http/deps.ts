/** What the routes are given. */
import type { InstanceService } from '../core/instance-service.ts';
import type { KeyService } from '../core/key-service.ts';
import type { Clock, DeliveryStatus, Logger, Store } from '../core/ports.ts';
import type { NewsRoom } from '../core/news-room.ts';
import type { RunFiles } from '../core/run-files.ts';
import type { RunService } from '../core/run-service.ts';
import type { Signals } from '../core/signals.ts';
import type { TaskService } from '../core/task-service.ts';
import type { WaitingClaims } from '../core/waiting-claims.ts';
import type { Claims } from './claims.ts';
import type { Keyring } from './keyring.ts';
import type { Writes } from './writes.ts';

/** What `/health` says of the front end; `disabled` when there is none. */
export interface FrontEndHealth {
  readonly discord: 'connected' | 'connecting' | 'disabled' | 'failed';
  readonly delivery: DeliveryStatus;
}

/** What `/health` says of scheduled backups. */
export interface BackupHealth {
  readonly lastAt: Date | null;
  readonly isOk: boolean;
}

export interface HttpDeps {
  readonly store: Store;
  readonly tasks: TaskService;
  readonly instances: InstanceService;
  readonly runs: RunService;
  readonly files: RunFiles;
  readonly room: NewsRoom;
  readonly waitingClaims: WaitingClaims;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The owner's. */
  readonly apiKey: string;
  readonly keys: KeyService;
  readonly keyring: Keyring;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Where a month begins for people; left out: UTC. */
  readonly timeZone?: string | undefined;
  readonly version: string;
  /** The bundled client that is handed out. */
  readonly clientFile: string;
  frontEndHealth(): Promise<FrontEndHealth>;
  /** Null, or left out, where no backups are scheduled. */
  backupHealth?(): BackupHealth | null;
}

export interface RouteDeps extends HttpDeps {
  readonly writes: Writes;
  readonly claims: Claims;
  readonly signals: Signals;
  readonly accountSalt: () => Promise<string>;
}
