/**
 * One live worker for a name. The first session that speaks under it has it until it leaves, is silent for as long as
 * makes an instance offline, or is replaced by one that knows it to be gone: the next process on the same workspace.
 * That one may have taken over from a session which never got to write down its own name, so the session before the
 * last one is as good a proof.
 */
import { DomainError } from './errors.ts';
import { OFFLINE_AFTER_MS } from './instance.ts';
import type { Announcement, Worker } from './worker.ts';

export interface NameClaim {
  readonly name: string;
  readonly known: Worker | null;
  readonly now: Date;
}

/** What is known of the worker from now on; null when nobody has the name any more. Throws `name_in_use`. */
export function announce(said: Announcement, { name, known, now }: NameClaim): Worker | null {
  const { replaces, leaves, ...facts } = said;
  if (known === null) return leaves ? null : { ...facts, replaced: replaces, account: null, heardAt: now };
  const { account } = known;
  if (known.session === said.session)
    return leaves ? null : { ...facts, replaced: known.replaced, account, heardAt: now };
  if (leaves) return known;
  const isNext = isNextOf(known, replaces);
  if (!isNext && !isSilent(known, now)) throw inUse(name, known, now);
  return { ...facts, replaced: isNext ? replaces : null, account, heardAt: now };
}

function isNextOf({ session, replaced }: Worker, replaces: string | null): boolean {
  return replaces !== null && (replaces === session || replaces === replaced);
}

/** A clock that was set back must not keep the name for somebody who is gone. */
function isSilent({ heardAt }: Worker, now: Date): boolean {
  return Math.abs(now.getTime() - heardAt.getTime()) > OFFLINE_AFTER_MS;
}

function inUse(name: string, { heardAt }: Worker, now: Date): DomainError {
  const seconds = Math.max(0, Math.round((now.getTime() - heardAt.getTime()) / 1000));
  return new DomainError(
    'name_in_use',
    `Another worker is called "${name}" and was heard ${seconds} s ago. Give this one another name, or stop that one; ` +
      `after ${OFFLINE_AFTER_MS / 60_000} minutes of silence its name is free.`,
    { instance_id: name },
  );
}
