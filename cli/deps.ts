/**
 * What a command works with, made when it is first asked for: `--help` reads no configuration, `list` touches no
 * state. `Host` is what the process (or a test) lends us.
 */
import type { WorkerProgram } from './command.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { createCall, type Call, type CallDeps } from './call.ts';
import { loadConfig, type ClientConfig } from './config.ts';
import { stateFolder } from './folders.ts';
import { createDownload, type Download } from './download.ts';
import { createTransport, type Transport } from './http.ts';
import { createIo, type Io } from './io.ts';
import type { Streams } from './streams.ts';
import { createLeaseFile, type LeaseFile } from './lease-file.ts';
import { createOwners, type Owners } from './owner.ts';
import { createPendingWrites } from './pending-writes.ts';
import { createOutsideLookup } from './lookup.ts';
import type { Patience } from './retry.ts';

export interface Host {
  readonly argv: readonly string[];
  /** The worker takes its secrets out of it. */
  readonly env: Record<string, string | undefined>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly hostname: string;
  /** The folder that it was started in. */
  readonly cwd: () => string;
  readonly streams: Streams;
  /** Aborted when the person presses Ctrl-C; the reason is the error to end with. */
  readonly signal: AbortSignal;
  /** From now on Ctrl-C and SIGTERM are the command's own business, each time that they come. */
  readonly takeSignals: (handle: () => void) => void;
  readonly owners?: Owners;
  /** The worker, which is no part of the plain client and is read when it is asked for. */
  readonly worker: () => Promise<WorkerProgram>;
  readonly now: () => number;
  /** Milliseconds since the process was started. */
  readonly elapsed: () => number;
  readonly random: () => number;
  readonly newKey: () => string;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Limits {
  readonly patience: Patience;
  readonly timeoutMs: number;
}

export interface Deps {
  readonly host: Host;
  readonly io: Io;
  readonly isJson: boolean;
  readonly config: () => ClientConfig;
  readonly api: (limits?: Limits) => ApiClient;
  /** For a command that lives long: each of its calls may be given up by itself. */
  readonly call: (signal: AbortSignal, patience: Patience) => Call;
  readonly transport: () => Transport;
  readonly download: () => Download;
  readonly leases: () => LeaseFile;
  readonly close: () => void;
}

export function createDeps(host: Host, isJson: boolean): Deps {
  const config = once(() => loadConfig(host));
  const transport = once(() => createTransport());
  // A command with a limit must be able to leave a silent name server behind.
  const hurried = once(() => createTransport(createOutsideLookup(host.platform)));
  const folder = () => stateFolder(host);
  const pending = once(() =>
    createPendingWrites({
      ...config(),
      folder: folder(),
      owners: host.owners ?? createOwners(host.hostname),
      newKey: host.newKey,
      now: host.now,
    }),
  );
  const leases = once(() =>
    createLeaseFile({ ...config(), folder: folder(), sleep: host.sleep, now: host.now }),
  );

  const callBy = (how: Pick<CallDeps, 'transport' | 'signal'> & Partial<Limits>) =>
    createCall({ config: config(), pending: pending(), pace: host, newKey: host.newKey, ...how });

  return {
    host,
    isJson,
    io: createIo(host.streams, host.env),
    config,
    leases,
    transport,
    call: (signal, patience) => callBy({ transport: transport(), signal, patience }),
    api: (limits) =>
      createApiClient(
        callBy({ transport: limits === undefined ? transport() : hurried(), signal: host.signal, ...limits }),
      ),
    download: () =>
      createDownload({ config: config(), transport: transport(), pace: host, signal: host.signal }),
    close: () => {
      transport().close();
      hurried().close();
    },
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
