import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cutEnd, cutMiddle } from '../../../cli/worker/cut.ts';
import { createErrorTail } from '../../../cli/worker/error-tail.ts';
import { createRedactor } from '../../../cli/worker/redact.ts';
import { takeSecrets } from '../../../cli/worker/secrets.ts';

const SECRETS = path.join(import.meta.dirname, '../../../cli/worker/secrets.ts');

/** A process with secrets in its environment, as it looks from within and from its own children. */
const PROGRAM = `
  import { takeSecrets } from ${JSON.stringify(SECRETS)};
  import { execFileSync } from 'node:child_process';
  import fs from 'node:fs';
  const { secrets, warnings } = takeSecrets({ env: process.env, alsoHide: ['NPM_TOKEN'], platform: 'linux' });
  console.log(JSON.stringify({
    key: secrets.get('ANTHROPIC_API_KEY'),
    npm: secrets.get('NPM_TOKEN'),
    tokens: [secrets.gitToken('my-notes'), secrets.gitToken('other')],
    values: secrets.values(),
    warnings: warnings.length,
    environ: fs.readFileSync('/proc/self/environ', 'latin1'),
    child: execFileSync('env', { encoding: 'utf8' }),
  }));`;

describe('secrets', () => {
  it.runIf(process.platform === 'linux')(
    'are nowhere in the environment any more, and the rest still is',
    async () => {
      const env = {
        PATH: process.env['PATH'] ?? '',
        PLAIN: 'stays',
        ANTHROPIC_API_KEY: 'fake-key-1234567',
        ATHENA_GIT_TOKEN: 'fake-token-all',
        ATHENA_GIT_TOKEN_MY_NOTES: 'fake-token-notes',
        NPM_TOKEN: 'fake-npm-token',
      };
      const args = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      const said = JSON.parse(stdout) as Record<string, string>;
      expect(said).toMatchObject({
        key: 'fake-key-1234567',
        npm: 'fake-npm-token',
        tokens: ['fake-token-notes', 'fake-token-all'],
        values: ['fake-key-1234567', 'fake-token-all', 'fake-token-notes'],
        warnings: 0,
      });
      for (const place of [said['environ'], said['child']]) {
        expect(place).toContain('PLAIN=stays');
        expect(place).not.toMatch(/fake-|API_KEY|TOKEN/);
      }
    },
  );

  it('says what macOS does not allow', () => {
    const env = { ATHENA_API_KEY: 'fake-api-key' };
    expect(takeSecrets({ env, alsoHide: [], platform: 'darwin' }).warnings.join()).toContain('On macOS');
    expect(env).toEqual({});
  });
});

describe('redaction', () => {
  const token = 'fake+token/0123=?';
  const redact = createRedactor(() => [token, 'abc']);

  it('finds a secret as it is, in JSON, in URLs and inside base64', () => {
    const basic = (user: string) => Buffer.from(`${user}:${token} and more`).toString('base64');
    expect(redact(`a ${token} b`)).toBe('a [redacted] b');
    expect(redact(encodeURIComponent(token))).toBe('[redacted]');
    for (const user of ['x', 'xy', 'xyz']) {
      expect(redact(basic(user))).toContain('[redacted]');
      expect(Buffer.from(redact(basic(user)).replace('[redacted]', ''), 'base64').toString()).not.toContain(
        'token',
      );
    }
    expect(redact('abc is too short to be struck out')).toContain('abc');
  });

  it('finds what is left of a secret that was cut through', () => {
    const whole = 'fake-token-0123456789';
    const strike = createRedactor(() => [whole]);
    expect(strike(cutEnd(`${'a'.repeat(125)} ${whole} ${'b'.repeat(80)}`, 200))).not.toContain('fake-to');
    expect(strike(cutMiddle(`${'a'.repeat(60)}${whole}${'b'.repeat(500)}`, 200))).not.toContain('fake-to');
    expect(strike(cutMiddle(`${'a'.repeat(500)}${whole}${'b'.repeat(60)}`, 200))).not.toContain('6789');
    expect(strike(`Bash: login ${whole.slice(0, 12)}…`)).toBe('Bash: login [redacted]…');
    expect(strike(whole.slice(4))).toBe('[redacted]');
    expect(strike('a token: 56789 …')).toBe('a token: 56789 …');

    const tail = createErrorTail();
    tail.add(Buffer.from(`${whole}${'c'.repeat(3_990)}`));
    expect(tail.text()).toMatch(/left out\]\n0123456789ccc/);
    expect(strike(`It failed:\n${tail.text()}`)).toMatch(/left out\]\n\[redacted\]ccc/);
  });

  it('learns of new secrets', () => {
    const values = ['fake-first'];
    const strike = createRedactor(() => values);
    expect(strike('fake-first fake-second')).toBe('[redacted] fake-second');
    values.push('fake-second');
    expect(strike('fake-first fake-second')).toBe('[redacted] [redacted]');
  });
});
