/** What the server and Discord feel of many workers whose runs talk all the time. */
import { join } from 'node:path';
import { createDiscordTwin } from '../tests/support/discord-twin/index.ts';
import { fill } from './backlog.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Load } from './load/client.ts';
import { spread, type Spread } from './numbers.ts';
import { residentMbOf, type Processes } from './processes.ts';

export const WORKERS = 200;
export const PER_SECOND = 5;
const SECONDS = 20;

export interface Crew {
  /** Milliseconds of a listing, before anybody works and meanwhile. */
  readonly idle: Spread;
  readonly busy: Spread;
  readonly claim: Spread;
  readonly batch: Spread;
  readonly messages: number;
  readonly doubled: number;
  readonly residentMb: number | null;
  /** Requests that the stand-in for Discord took in a second, over the whole time, and rules of Discord's that were broken. */
  readonly discordPerSecond: number;
  readonly broken: number;
}

export async function measureCrew(processes: Processes, load: Load): Promise<Crew> {
  const twin = createDiscordTwin();
  await twin.start();
  const path = join(processes.folder, 'crew.db');
  await fill(path, { pending: WORKERS + 20, finished: 0 });
  const launch = launchServer(path);
  const env = { ...launch.env, DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url };
  const server = await processes.serve({ ...launch, env });
  try {
    await twin.waitForBot();
    const before = { requests: twin.requestCount, at: performance.now() };
    const order = { port: server.port, key: KEY, workers: WORKERS, perSecond: PER_SECOND, seconds: SECONDS };
    const report = await load.crew(order);
    const seconds = (performance.now() - before.at) / 1000;
    return {
      idle: spread(report.idle),
      busy: spread(report.busy),
      claim: spread(report.claims),
      batch: spread(report.batches),
      messages: report.messages,
      doubled: report.doubled,
      residentMb: residentMbOf(server.pid),
      discordPerSecond: (twin.requestCount - before.requests) / seconds,
      broken: twin.violations.length,
    };
  } finally {
    await server.stop();
    await twin.stop();
  }
}
