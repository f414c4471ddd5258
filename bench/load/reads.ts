/** Reads, one after the other, in turns, so that a slow moment of the machine hits all of them. */
import { openConnection } from './connection.ts';

export interface ReadOrder {
  readonly kind: 'reads';
  readonly port: number;
  readonly key: string;
  readonly paths: readonly string[];
  readonly samples: number;
}

/** Milliseconds by path. */
export type ReadReport = Readonly<Record<string, readonly number[]>>;

export async function runReads({ port, key, paths, samples }: ReadOrder): Promise<ReadReport> {
  const connection = await openConnection(port, key);
  const report: Record<string, number[]> = Object.fromEntries(paths.map((path) => [path, []]));
  for (let i = -1; i < samples; i += 1) {
    for (const path of paths) {
      const sentAt = performance.now();
      const { status, body } = await connection.get(path);
      if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
      if (i >= 0) report[path]!.push(performance.now() - sentAt);
    }
  }
  connection.close();
  return report;
}
