/**
 * Other queues beside Athena, in the same rounds: claim and complete, 16 at once, ten thousand waiting. What
 * each one promises differs, and the table says so: nobody is measured at the guarantees of another.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asking, type Ask } from './asking.ts';
import { fill, openBacklog } from './backlog.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Load } from './load/client.ts';
import { median } from './numbers.ts';
import { startPostgres, startRedis } from './peer-servers.ts';
import type { Processes } from './processes.ts';

const WORKERS = 16;
const WAITING = 10_000;
/** More than any of them can take in one slice. */
const SPARE = 40_000;

interface Kind {
  readonly label: string;
  /** What survives a power cut once it was acknowledged. */
  readonly durability: string;
  readonly reachedBy: string;
  start(processes: Processes, servers: Servers): string | null;
  /** Filled up to this many; fewer where filling takes minutes. */
  readonly waiting: number;
}

interface Servers {
  readonly redis: string | null;
  readonly postgres: string | null;
}

const ownFolder = (name: string) => (processes: Processes) => {
  const folder = join(processes.folder, `peer-${name}`);
  mkdirSync(folder);
  return folder;
};

const KINDS: Readonly<Record<string, Kind>> = {
  plainjob: {
    label: 'plainjob 0.0.14',
    durability: 'not the last moments',
    reachedBy: 'in process',
    start: ownFolder('plainjob'),
    waiting: WAITING + SPARE,
  },
  liteque: {
    label: 'liteque 0.8.0',
    durability: 'not the last moments',
    reachedBy: 'in process',
    start: ownFolder('liteque'),
    waiting: WAITING,
  },
  bullmq: {
    label: 'BullMQ 6.7.0, Redis',
    durability: 'up to a second lost',
    reachedBy: 'Redis protocol',
    start: (_processes, { redis }) => redis,
    waiting: WAITING + SPARE,
  },
  'pg-boss': {
    label: 'pg-boss 10.4.2, PostgreSQL',
    durability: 'each commit',
    reachedBy: 'PostgreSQL protocol',
    start: (_processes, { postgres }) => postgres,
    waiting: WAITING,
  },
  'graphile-worker': {
    label: 'graphile-worker 0.17.3, PostgreSQL',
    durability: 'each commit',
    reachedBy: 'PostgreSQL protocol',
    start: (_processes, { postgres }) => postgres,
    waiting: WAITING + SPARE / 2,
  },
};

export interface PeerRow {
  readonly label: string;
  readonly durability: string;
  readonly reachedBy: string;
  /** Cycles per second, median; null with the reason in `missing`. */
  readonly rate: number | null;
  /** Its rate over Athena's of the same round, median. */
  readonly ratio: number | null;
  readonly missing: string | null;
}

interface Peer {
  readonly kind: Kind;
  readonly ask: Ask | null;
  readonly missing: string | null;
  readonly rates: number[];
}

/** How one slice ended: what is claimed and completed per second, and how many jobs it used up. */
interface Slice {
  readonly rate: number;
  readonly used: number;
}

export async function measurePeers(
  processes: Processes,
  load: Load,
  { rounds, ms, progress }: { rounds: number; ms: number; progress: (text: string) => void },
): Promise<readonly PeerRow[]> {
  const refused = installPeers(progress);
  const servers = { redis: await startRedis(processes), postgres: await startPostgres(processes) };
  const peers: Peer[] = [];
  for (const [name, kind] of Object.entries(KINDS))
    peers.push(await startPeer(processes, { name, kind, servers, refused, progress }));
  const athena = await startAthena(processes, load);

  const own: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    progress(`peers, round ${round + 1} of ${rounds}`);
    own.push(await athena.run(ms));
    for (const peer of peers) {
      if (peer.ask === null) continue;
      const { rate, used } = await peer.ask<Slice>({ kind: 'run', workers: WORKERS, ms });
      peer.rates.push(rate);
      await peer.ask({ kind: 'fill', count: used });
    }
  }
  return [athena.row(own), ...peers.map((peer) => rowOf(peer, own))];
}

/** Null once they are installed; otherwise why they are not. */
function installPeers(progress: (text: string) => void): string | null {
  const folder = fileURLToPath(new URL('./peers/', import.meta.url));
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return null;
  progress('installing the peers (npm ci in bench/peers; SQLite is compiled, one to two minutes)');
  const { status } = spawnSync('npm', ['ci', '--no-audit'], { cwd: folder, stdio: 'ignore' });
  return status === 0 ? null : 'could not be installed';
}

async function startPeer(
  processes: Processes,
  made: {
    name: string;
    kind: Kind;
    servers: Servers;
    refused: string | null;
    progress: (text: string) => void;
  },
): Promise<Peer> {
  const { name, kind, servers, refused, progress } = made;
  const without = (missing: string): Peer => ({ kind, ask: null, missing, rates: [] });
  if (refused !== null) return without(refused);
  const place = kind.start(processes, servers);
  if (place === null) return without('its server is not on this machine');
  progress(`filling ${kind.label}`);
  const ask = asking(
    processes.script(new URL('./peers/main.mjs', import.meta.url), [name, place]),
    kind.label,
  );
  await ask();
  await ask({ kind: 'fill', count: kind.waiting });
  return { kind, ask, missing: null, rates: [] };
}

async function startAthena(processes: Processes, load: Load) {
  const path = join(processes.folder, 'beside-peers.db');
  await fill(path, { pending: WAITING + SPARE, finished: 0 });
  const backlog = openBacklog(path);
  const { port } = await processes.serve(launchServer(path));
  return {
    async run(ms: number): Promise<number> {
      const order = { port, key: KEY, connections: WORKERS, ms, warmMs: 250, maxClaims: SPARE };
      const { rate } = await load.cycles(order);
      backlog.putBack();
      return rate;
    },
    row: (rates: readonly number[]): PeerRow => ({
      label: 'Athena, SQLite',
      durability: 'each commit',
      reachedBy: 'HTTP, with key and audit trail',
      rate: median(rates),
      ratio: 1,
      missing: null,
    }),
  };
}

function rowOf({ kind, missing, rates }: Peer, own: readonly number[]): PeerRow {
  const { label, durability, reachedBy } = kind;
  if (missing !== null) return { label, durability, reachedBy, rate: null, ratio: null, missing };
  const ratio = median(rates.map((rate, round) => rate / own[round]!));
  return { label, durability, reachedBy, rate: median(rates), ratio, missing };
}
