/**
 * Whether people at the API notice that Discord is away: the same requests, while a stand-in for Discord takes
 * what happened and while it refuses everything, in turns on one server.
 */
import { join } from 'node:path';
import { createDiscordTwin } from '../tests/support/discord-twin/index.ts';
import { fill } from './backlog.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Load } from './load/client.ts';
import { median } from './numbers.ts';
import type { Processes } from './processes.ts';

export interface Outage {
  /** Milliseconds at the 99th percentile of claim and of complete; medians of the rounds. */
  readonly upP99: number;
  readonly downP99: number;
  /** Down over up, taken inside each round; median. */
  readonly ratio: number;
}

const ROUNDS = 5;
const CONNECTIONS = 8;
/** Few, so that both states carry the same load however fast the stand-in takes messages. */
const CLAIMS = 300;

export async function measureOutage(processes: Processes, load: Load): Promise<Outage> {
  const twin = createDiscordTwin();
  await twin.start();
  const path = join(processes.folder, 'outage.db');
  await fill(path, { pending: (ROUNDS + 1) * 2 * (CLAIMS + CONNECTIONS), finished: 0 });
  const launch = launchServer(path);
  const env = { ...launch.env, DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url };
  const server = await processes.serve({ ...launch, env });
  try {
    await twin.waitForBot();
    const slice = async () => {
      const order = {
        port: server.port,
        key: KEY,
        connections: CONNECTIONS,
        ms: 5000,
        warmMs: 50,
        maxClaims: CLAIMS,
      };
      const { claim, complete } = await load.cycles(order);
      return Math.max(claim.p99, complete.p99);
    };
    const up: number[] = [];
    const down: number[] = [];
    for (let round = -1; round < ROUNDS; round += 1) {
      const upP99 = await slice();
      await twin.beginOutage('refused');
      const downP99 = await slice();
      await twin.endOutage();
      if (round < 0) continue;
      up.push(upP99);
      down.push(downP99);
    }
    return {
      upP99: median(up),
      downP99: median(down),
      ratio: median(down.map((ms, i) => ms / up[i]!)),
    };
  } finally {
    await server.stop();
    await twin.stop();
  }
}
