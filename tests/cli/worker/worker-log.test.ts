import { describe, expect, it } from 'vitest';
import { createStatusScreen } from '../../../cli/worker/status-screen.ts';
import { createWorkerLog } from '../../../cli/worker/worker-log.ts';
import { createManualClock } from '../../support/worker/run-clock.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const FACTS = { task_id: 7, run: 2, verdict: 'complete', branch: 'claude/7-deploy', error: '' };

function logged(isJson: boolean, text = 'ends', facts: object = FACTS): string {
  const lines: string[] = [];
  const redact = (line: string) => line.replaceAll('s3cret', '[redacted]');
  createWorkerLog({ isJson, now: () => NOW, redact, write: (line) => lines.push(line) }).info(text, {
    ...facts,
  });
  return lines.join('\n');
}

describe('what a worker tells whoever runs it', () => {
  it('on a terminal: when, which task, what, and where its work lies', () => {
    expect(logged(false)).toBe('12:00:00 #7 ends: complete · claude/7-deploy');
  });

  it('as JSON: every fact', () => {
    expect(JSON.parse(logged(true))).toEqual({
      time: NOW.toISOString(),
      level: 'info',
      msg: 'ends',
      ...FACTS,
    });
  });

  it.each([true, false])('without secrets, and without what would move the cursor (JSON: %s)', (isJson) => {
    const line = logged(isJson, 'failed', { error: 's3cret\u001b[2J\nnext' });
    expect(line).toContain('[redacted]');
    expect(line).not.toMatch(/s3cret|[\u0000-\u001f]/);
  });
});

describe('the lines of runs on a terminal', () => {
  it('stand below what was logged, are kept up to date, and go with their run', async () => {
    const clock = createManualClock();
    let written = '';
    const screen = createStatusScreen(
      { write: (text: string) => void (written += text), columns: 40 },
      clock,
    );
    const taken = () => {
      const text = written;
      written = '';
      return text;
    };
    const title = '#5 Deploy the new monitoring stack on all hosts';
    const hide = screen.show({
      title,
      usedMs: () => clock.monotonicMs(),
      costUsd: () => 0.5,
      activity: () => 'Bash: make',
    });
    expect(taken()).toMatch(/^▶ #5 Deploy.*\n$/);
    await clock.pass(61_000);
    expect(
      taken()
        .split('\n')
        .every((line) => line.replace(/\u001b\[\w+/g, '').length < 40),
    ).toBe(true);
    screen.print('12:01:01 #6 begins');
    expect(taken()).toMatch(/^\u001b\[1A\u001b\[J12:01:01 #6 begins\n▶ #5/);
    hide();
    expect(taken()).toBe('\u001b[1A\u001b[J');
    await clock.pass(5_000);
    expect(taken()).toBe('');
  });
});
