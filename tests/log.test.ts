import { describe, expect, it } from 'vitest';
import { createLogger, LOG_LEVELS, type LogLevel } from '../src/log.ts';

function world(level: LogLevel = 'trace') {
  const lines: string[] = [];
  const logger = createLogger({ level, write: (line) => lines.push(line) });
  return { logger, lines, text: () => lines.join('') };
}

const KEY = 'api-key-"quoted"\\slashed';
const TOKEN = 'MTIzNDU2.bot-token.abcdef';
const INTERACTION = 'aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OnNlY3JldA';

describe('a log line', () => {
  it('is one line of JSON with level, time and message', () => {
    const { logger, lines } = world();
    logger.info({ port: 5051, text: 'two\nlines' }, 'listening');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', port: 5051, text: 'two\nlines', msg: 'listening' });
    expect(new Date(line['time'] as string).toISOString()).toBe(line['time']);
    expect(Object.keys(line)).not.toContain('pid');
  });

  it.each(LOG_LEVELS)('is written from the level %s on', (level) => {
    const { logger, lines } = world(level);
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name);
    const order = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
    const written = ['debug', 'info', 'warn', 'error'].filter(
      (name) => order.indexOf(name) >= order.indexOf(level),
    );
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(written);
  });

  it.each(LOG_LEVELS)('announces what others wait for, also at the level %s', (level) => {
    const { logger, lines } = world(level);
    logger.announce({ port: 1 }, 'listening');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'listening', port: 1 });
  });
});

describe('secrets', () => {
  const nested = () => {
    const cause = new Error(`refused ${TOKEN}`);
    return new Error(`request with ${KEY} failed`, { cause: new Error('middle', { cause }) });
  };

  it('hide a named key wherever it was pasted, and leave its id to look for', () => {
    const { logger, text } = world();
    logger.info({ path: `/api/keys/athena_abcdefg2_${'s'.repeat(43)}` }, 'request');
    expect(text()).toContain('/api/keys/athena_abcdefg2_[redacted]"');
  });

  it.each([
    ['the message', (text: string) => [{}, text]],
    ['a field', (text: string) => [{ text }, 'x']],
    ['a deep field', (text: string) => [{ a: { b: [{ c: text }] } }, 'x']],
    ['the name of a field', (text: string) => [{ [text]: 1 }, 'x']],
    ['an error', (text: string) => [{ error: new Error(text) }, 'x']],
    ['an error that is no error', (text: string) => [{ error: { headers: { key: text } } }, 'x']],
    ['a cause', (text: string) => [{ error: new Error('x', { cause: new Error(text) }) }, 'x']],
    ['a cause that is text', (text: string) => [{ error: new Error('x', { cause: text }) }, 'x']],
    ['a header', (text: string) => [{ authorization: `Bearer ${text}, Bot ${text}` }, 'x']],
  ] as const)('never get through in %s', (_where, make) => {
    const { logger, text } = world();
    logger.hide(KEY);
    logger.hide(TOKEN);
    for (const secret of [KEY, TOKEN]) {
      const [details, message] = make(secret) as [object, string];
      logger.error(details, message);
    }
    expect(text()).not.toContain('quoted');
    expect(text()).not.toContain('bot-token');
    expect(text()).toContain('[redacted]');
    for (const line of text().trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('never get through in nested errors, whose messages and stacks are kept otherwise', () => {
    const { logger, text, lines } = world();
    logger.hide(KEY);
    logger.hide(TOKEN);
    logger.error({ error: nested() }, 'failed');
    expect(text()).not.toMatch(/quoted|bot-token/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: {
        name: 'Error',
        message: 'request with [redacted] failed',
        cause: { message: 'middle', cause: { message: 'refused [redacted]' } },
      },
    });
  });

  it('never get through in an address, nor in what is said outside the log', () => {
    const { logger, text } = world();
    logger.hide(KEY);
    logger.info({ path: `/api/${encodeURIComponent(KEY)}` }, 'request');
    expect(text()).toContain('/api/[redacted]');
    expect(logger.redact(`refused ${KEY}`)).toBe('refused [redacted]');
  });

  it('of interactions are cut out of every path', () => {
    const { logger, text } = world();
    logger.warn({ url: `https://discord.com/api/v10/webhooks/123/${INTERACTION}/messages/@original` }, 'x');
    logger.warn({ error: new Error(`POST /interactions/456/${INTERACTION}/callback: 404`) }, 'x');
    expect(text()).not.toContain(INTERACTION);
    expect(text()).toContain('webhooks/123/[redacted]/messages/@original');
  });

  it('that a library hung on to an error are left out', () => {
    const { logger, text } = world();
    const error = Object.assign(new Error('x'), { requestBody: { json: 'planted' }, headers: 'planted' });
    logger.error({ error }, 'x');
    expect(text()).not.toContain('planted');
  });

  it('that are too short to be told from words are not looked for', () => {
    const { logger, text } = world();
    logger.hide('info');
    logger.info({}, 'information');
    expect(text()).toContain('information');
  });

  it('do not keep an error that is its own cause from being logged', () => {
    const { logger, text } = world();
    const error = new Error('round');
    error.cause = error;
    logger.error({ error }, 'and round');
    expect(text()).toContain('and round');
  });
});
