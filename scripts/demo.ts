/**
 * `npm run demo`: one task from Discord to a pushed branch, on this machine alone. Real are the server, the client as a
 * worker, the Agent SDK with Claude Code, and git; stand-ins are Discord and the model's service. Needs no account.
 */
import { openStage } from './demo/stage.ts';
import { createScreen } from './demo/screen.ts';
import { play } from './demo/story.ts';

const screen = createScreen((text) => process.stdout.write(text));

async function main(): Promise<number> {
  const stage = await openStage(screen.note);
  const leave = (): void => void stage.close().then(() => process.exit(130));
  process.once('SIGINT', leave);
  try {
    await play(stage, screen);
    return 0;
  } catch (error) {
    screen.note(`The demo broke off: ${error instanceof Error ? error.message : String(error)}`);
    screen.note(stage.workerOutput());
    return 1;
  } finally {
    process.off('SIGINT', leave);
    await stage.close();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  screen.note(error instanceof Error ? error.message : String(error));
  return 1;
});
