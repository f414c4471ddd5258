/** What people read of a session is said for them: not what the program tells its model, or makes of our own refusals. */
import { expect, it } from 'vitest';
import { createNarrator } from '../../../cli/worker/claude-messages.ts';
import type { SdkMessage } from '../../../cli/worker/claude-sdk.ts';
import { createManualClock } from '../../support/worker/run-clock.ts';
import { recordWatcher } from '../../support/worker/run-world.ts';

function narrated(...messages: object[]) {
  const watcher = recordWatcher();
  const narrator = createNarrator({ watcher, clock: createManualClock(), folder: '/run/tree' });
  for (const message of messages) narrator.see(message as SdkMessage);
  return watcher.messages;
}

const text = (said: string) => ({ type: 'assistant', message: { content: [{ type: 'text', text: said }] } });
const call = {
  type: 'assistant',
  message: { content: [{ type: 'tool_use', id: 'c', name: 'Bash', input: { command: 'sleep 600' } }] },
};
const result = (content: string) => ({
  type: 'user',
  message: { content: [{ type: 'tool_result', tool_use_id: 'c', is_error: true, content }] },
});

it('a request that the worker itself refused is told in the words of the worker', () => {
  const own = 'The daily limit of this worker is reached.';
  expect(narrated(text(`Failed to authenticate. API Error: 403 Athena: ${own}`))).toEqual([
    { kind: 'notice', text: own },
  ]);
  expect(narrated(text(`API Error: 403 Athena: ${own}`))).toEqual([{ kind: 'notice', text: own }]);
  const quoted = `I saw "API Error: 403 Athena: ${own}" in the log.`;
  expect(narrated(text(quoted))).toEqual([{ kind: 'text', text: quoted }]);
});

it('what the program says of a failed request is left to the end of the run, which says it better', () => {
  const failed = text('API Error: Request rejected (429) · The limit of the week is reached');
  expect(narrated({ ...failed, error: 'rate_limit' })).toEqual([]);
  const own = 'The budget of the task is used up.';
  const refused = text(`Failed to authenticate. API Error: 403 Athena: ${own}`);
  expect(narrated({ ...refused, error: 'authentication_failed' })).toEqual([{ kind: 'notice', text: own }]);
});

it('a call that was cut off by a person was stopped', () => {
  const words =
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed.";
  expect(narrated(call, result(words))).toEqual([
    { kind: 'tool', text: 'Bash: sleep 600 · stopped · 0.0 s' },
  ]);
  expect(narrated(call, result('Exit code 2\nno'))).toEqual([
    { kind: 'tool', text: 'Bash: sleep 600 · exit 2 · 0.0 s\nno' },
  ]);
});
