/** `athena doctor`: looks at everything that can go wrong, and says what to do. Writes nothing anywhere. */
import type { Config } from '../config.ts';
import type { Finding } from '../core/finding.ts';
import { ok } from '../core/finding.ts';
import { examineDatabase } from '../store/examine.ts';
import { examineFiles } from './checks/files.ts';
import { examineClock, examineServer } from './checks/server.ts';
import { examineSettings } from './checks/settings.ts';
import { reportText, type Chapter } from './report.ts';
import { EXIT, type Terminal } from './terminal.ts';

export async function runDoctor(
  { isJson, version }: { isJson: boolean; version: string },
  terminal: Terminal,
): Promise<number> {
  const chapters = await examine(terminal);
  const all = chapters.flatMap(({ findings }) => findings);
  const isWell = all.every(({ state }) => state !== 'problem');
  if (isJson) {
    const checks = chapters.flatMap(({ title, findings }) =>
      findings.map((finding) => ({ chapter: title, ...finding })),
    );
    terminal.out(`${JSON.stringify({ ok: isWell, version, checks }, null, 2)}\n`);
  } else terminal.out(reportText(chapters, terminal));
  return isWell ? EXIT.done : EXIT.failure;
}

async function examine({ environment, folder, clock }: Terminal): Promise<readonly Chapter[]> {
  const { config, findings } = examineSettings(environment, folder);
  const database = examineDatabase(config.databasePath);
  const server = await examineServer(config, database.isServed);
  const discord = await lookAtDiscord(config.discord);
  return [
    { title: 'Settings', findings },
    { title: 'Files', findings: examineFiles(config, folder) },
    { title: 'Database', findings: database.findings },
    { title: 'Server', findings: [...server, examineClock(clock.now(), discord.time)] },
    { title: 'Discord', findings: discord.findings },
  ];
}

/** Discord's library is large, so it is only loaded when there is a token. */
async function lookAtDiscord(
  config: Config['discord'],
): Promise<{ findings: readonly Finding[]; time: Date | null }> {
  if (config === null) return { findings: [ok('Discord', 'is off: DISCORD_TOKEN is not set')], time: null };
  const { examineDiscord } = await import('../frontends/discord/index.ts');
  return examineDiscord(config);
}
