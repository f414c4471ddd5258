/**
 * Rules of Discord's that the server broke. While it stands still, or Discord itself cannot be reached, answers
 * to interactions come too late, or are looked for where none is: that much is the fault's doing.
 */
import type { Violation } from '../../tests/support/discord-twin/http/journal.ts';
import type { InteractionRecord } from '../../tests/support/discord-twin/world/interactions.ts';

const EXCUSED: Readonly<Record<string, RegExp>> = {
  // Too late, because the process or its line to Discord stood still for over three seconds.
  unknownInteraction: /^POST \/interactions\//,
  // Looking for an answer whose taking is in doubt.
  unknownWebhook: /^GET \/webhooks\//,
};

export interface Judged {
  readonly excused: number;
  readonly findings: readonly string[];
}

type Asked = Pick<InteractionRecord, 'token' | 'source' | 'answer' | 'isMissed'>;

/** A press that Discord never took for heard leaves nothing to look for, so its server goes on as if it were. */
function followsLostPress({ rule, method, path }: Violation, asked: readonly Asked[]): boolean {
  if (rule !== 'unknownWebhook' || method !== 'POST') return false;
  const found = asked.find(({ token }) => path.includes(token));
  return found !== undefined && found.source !== null && found.answer === null;
}

/** An answer that came in after it was looked for is given a second time: nothing else can be known of it. */
function followsLateAnswer({ rule, path }: Violation, asked: readonly Asked[]): boolean {
  return rule === 'alreadyAcknowledged' && asked.some((one) => one.isMissed && path.includes(one.token));
}

export function judgeViolations(violations: readonly Violation[], asked: readonly Asked[]): Judged {
  const isExcused = (violation: Violation) => {
    const { rule, method, path } = violation;
    if (EXCUSED[rule]?.test(`${method} ${path}`) === true) return true;
    return followsLostPress(violation, asked) || followsLateAnswer(violation, asked);
  };
  const bad = violations.filter((violation) => !isExcused(violation));
  return {
    excused: violations.length - bad.length,
    findings: bad.map(({ rule, message, method, path, errors, body }) => {
      const what = `${message} ${JSON.stringify(errors ?? body ?? null)}`.slice(0, 300);
      return `Discord's rule ${rule} was broken: ${method} ${path.slice(0, 80)} ${what}`;
    }),
  };
}
