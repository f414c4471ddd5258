import { describe, expect, it } from 'vitest';
import { warnOfExposure } from '../src/exposure.ts';
import { recordingLogger } from './support/logger.ts';

function warnings(host: string, behindTls = false) {
  const logger = recordingLogger();
  warnOfExposure({ host, port: 5051, trustedProxies: [], behindTls }, logger);
  return logger.lines;
}

describe('a listener that others can reach', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'athena.lan', '127.example.org', '1.127.0.0', '::ffff:10.0.0.1'])(
    'on %s is warned about in one line that says what to do',
    (host) => {
      const lines = warnings(host);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ level: 'warn', details: { host } });
      expect(lines[0]?.message).toMatch(/without TLS.*API_HOST=127\.0\.0\.1.*API_BEHIND_TLS=yes/);
    },
  );

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '::ffff:127.0.0.1'])('on %s is not', (host) => {
    expect(warnings(host)).toEqual([]);
  });

  it('is no news to an owner who says that TLS is in front', () => {
    expect(warnings('0.0.0.0', true)).toEqual([]);
  });
});
