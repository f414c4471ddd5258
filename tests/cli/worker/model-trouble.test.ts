import { expect, test } from 'vitest';
import { createQuotaPatience, troubleOf } from '../../../cli/worker/model-trouble.ts';
import { manualClock } from '../../support/clock.ts';

test('without a known reset an account is left alone for 5 minutes, then twice as long, up to an hour', () => {
  const clock = manualClock();
  const patience = createQuotaPatience(clock);
  const waits = Array.from({ length: 6 }, () => {
    const minutes = (patience.next().getTime() - clock.now().getTime()) / 60_000;
    clock.advance(minutes * 60_000);
    return minutes;
  });
  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  patience.reset();
  expect(patience.next().getTime() - clock.now().getTime()).toBe(5 * 60_000);
});

test('refusals within one wait do not lengthen it', () => {
  const clock = manualClock();
  const patience = createQuotaPatience(clock);
  const until = patience.next();
  clock.advance(60_000);
  expect(patience.next()).toEqual(until);
});

test.each(['-5', 'soon', '99999999999', ''])('a retry-after of "%s" is not believed', (value) => {
  const clock = manualClock();
  const refusal = { status: 429, headers: { 'retry-after': value }, body: '' };
  const trouble = troubleOf(refusal, createQuotaPatience(clock), clock.now());
  expect(trouble).toMatchObject({ kind: 'quota', until: new Date(clock.now().getTime() + 5 * 60_000) });
});

test('a retry-after may be a date', () => {
  const clock = manualClock();
  const until = new Date(clock.now().getTime() + 90_000);
  const refusal = { status: 429, headers: { 'retry-after': until.toUTCString() }, body: '' };
  expect(troubleOf(refusal, createQuotaPatience(clock), clock.now())).toMatchObject({ until });
});

test('a page of a gateway is told by its words', () => {
  const clock = manualClock();
  const refusal = { status: 502, headers: {}, body: '<html><h1>Bad  Gateway</h1></html>' };
  expect(troubleOf(refusal, createQuotaPatience(clock), clock.now())).toEqual({
    kind: 'overload',
    detail: '502: Bad Gateway',
  });
});

test.each([
  [413, '{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}', 'length'],
  [400, '{"error":{"message":"prompt is too long: 410000 tokens > 200000 maximum"}}', 'length'],
  [404, '{"error":{"type":"not_found_error","message":"model: claude-x"}}', 'model'],
])('a %i that says %s is about the %s', (status, body, kind) => {
  const clock = manualClock();
  const trouble = troubleOf({ status, headers: {}, body }, createQuotaPatience(clock), clock.now());
  expect(trouble).toMatchObject({ kind });
});
