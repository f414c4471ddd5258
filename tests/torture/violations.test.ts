import { expect, it } from 'vitest';
import { judgeViolations } from '../../torture/oracle/violations.ts';

const late = { rule: 'unknownWebhook', message: 'Unknown Webhook', code: 10_015, method: 'POST' };
const violation = { ...late, path: '/webhooks/1/the-token' };
const press = { token: 'the-token', source: {} as never, answer: null, isMissed: false };

it("what follows a press that Discord never took is the fault's doing", () => {
  expect(judgeViolations([violation], [press])).toEqual({ excused: 1, findings: [] });
});

it.each([
  ['a command that was never answered first', { ...press, source: null }],
  ['a press that was taken', { ...press, answer: {} as never }],
  ['an interaction that nobody knows', { ...press, token: 'another' }],
])('and what follows %s is not', (_what, asked) => {
  expect(judgeViolations([violation], [asked]).findings).toHaveLength(1);
});

it('a second answer is excused where the first one was looked for in vain, and only there', () => {
  const twice = { ...late, rule: 'alreadyAcknowledged', path: '/interactions/1/the-token/callback' };
  const answered = { ...press, answer: {} as never };
  expect(judgeViolations([twice], [{ ...answered, isMissed: true }]).findings).toEqual([]);
  expect(judgeViolations([twice], [answered]).findings).toHaveLength(1);
});
