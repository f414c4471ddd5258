/** The queue's own switch. Turning it is told in the admin trail, once; what is that way already is no event. */
import type { NewAdminEvent } from './admin-event.ts';
import { speakerOf } from './move.ts';
import { actOf, type Caller } from './ownership.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type QueueState, type Work } from './work.ts';

export function createQueueUseCases({ clock }: Pick<TaskServiceDeps, 'clock'>) {
  function turn(wanted: QueueState, caller: Caller): Work<QueueState> {
    return work<'queue', QueueState>(
      { read: 'queue' },
      ({ queue }) => {
        const isSame =
          queue.paused === wanted.paused && (wanted.reason === null || queue.reason === wanted.reason);
        if (isSame) return { result: queue };
        return { result: wanted, queue: wanted, adminEvents: [turned(wanted, caller, clock.now())] };
      },
      speakerOf(caller),
    );
  }

  return {
    pause: (reason?: string, caller: Caller = {}) => turn({ paused: true, reason: reason ?? null }, caller),
    resume: (reason?: string, caller: Caller = {}) => turn({ paused: false, reason: reason ?? null }, caller),
  };
}

function turned({ paused, reason }: QueueState, caller: Caller, now: Date): NewAdminEvent {
  const { actor, keyId } = actOf(caller, null, now);
  const action = paused ? 'queue_paused' : 'queue_resumed';
  return { action, actor, keyId, details: reason === null ? {} : { reason }, timestamp: now };
}
