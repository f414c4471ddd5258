/**
 * Rules of Discord's that the server broke. While it stands still, or Discord itself cannot be reached, answers
 * to interactions come too late, or are looked for where none is: that much is the fault's doing.
 */
import type { Violation } from '../../tests/support/discord-twin/http/journal.ts';

const EXCUSED: Readonly<Record<string, RegExp>> = {
  // Too late, because the process or its line to Discord stood still for over three seconds.
  unknownInteraction: /^POST \/interactions\//,
  // Looking for an answer whose taking is in doubt, or going on after a press whose taking is: that one leaves nothing
  // behind to look for.
  unknownWebhook: /^(GET|POST) \/webhooks\//,
};

export interface Judged {
  readonly excused: number;
  readonly findings: readonly string[];
}

export function judgeViolations(violations: readonly Violation[]): Judged {
  const isExcused = ({ rule, method, path }: Violation) => EXCUSED[rule]?.test(`${method} ${path}`) === true;
  const bad = violations.filter((violation) => !isExcused(violation));
  return {
    excused: violations.length - bad.length,
    findings: bad.map(({ rule, message, method, path, errors, body }) => {
      const what = `${message} ${JSON.stringify(errors ?? body ?? null)}`.slice(0, 300);
      return `Discord's rule ${rule} was broken: ${method} ${path.slice(0, 80)} ${what}`;
    }),
  };
}
