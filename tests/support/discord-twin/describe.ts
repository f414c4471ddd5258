import type { Journal } from './http/journal.ts';
import type { World } from './world/world.ts';

/** The last things that happened, for the message of a wait that ran out. */
export function describeTwin(world: World, journal: Journal): string {
  const requests = journal.requests.slice(-12).map((request) => {
    const code = request.code === null ? '' : ` (${request.code})`;
    return `  ${request.method} ${request.path.slice(0, 90)} -> ${request.status ?? 'no answer'}${code}`;
  });
  const messages = [...world.messages.values()].slice(-6).map((message) => {
    const channel = world.channels.get(message.channelId)?.name ?? '?';
    return `  #${channel}: ${JSON.stringify(message.text.slice(0, 120))}`;
  });
  const violations = journal.violations.map((violation) => {
    return `  ${violation.rule} ${violation.method} ${violation.path.slice(0, 60)} ${JSON.stringify(violation.errors ?? '')}`;
  });
  return [
    'last requests:',
    ...requests,
    'last messages:',
    ...messages,
    'violations:',
    ...(violations.length === 0 ? ['  none'] : violations),
  ].join('\n');
}
