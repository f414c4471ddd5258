import { describe, expect, it } from 'vitest';
import { deniedBy } from '../../../cli/worker/claude-denials.ts';

describe('a rule that denies', () => {
  it.each([
    ['Bash(touch:*)', 'touch a'],
    ['Bash(touch:*)', 'sh -c "touch a"'],
    ['Bash(touch *)', "bash -c 'cd x && /usr/bin/touch a'"],
    ['Bash(touch:*)', 'eval "touch a"'],
    ['Bash(touch:*)', 'echo $(touch a)'],
    ['Bash(touch:*)', 'find . -exec touch {} +'],
    ['Bash(touch:*)', 'sh <<E\ntouch a\nE'],
    ['Bash(git push)', 'sh -c "git  push origin main"'],
    ['Bash(npm run *:*)', 'sh -c "npm run build"'],
  ])('%s holds in %j', (rule, command) => {
    expect(deniedBy(['Read(x)', rule], command)).toBe(rule);
  });

  it.each([
    ['Bash(touch:*)', 'cat touch.txt untouched no-touch'],
    ['Bash(git push)', 'git pull && echo push'],
    ['Bash', 'touch a'],
    ['Bash(*)', 'touch a'],
    ['Read(touch)', 'touch a'],
  ])('%s has nothing to do with %j', (rule, command) => {
    expect(deniedBy([rule], command)).toBeUndefined();
  });
});
