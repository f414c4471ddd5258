/**
 * What a person may do, from who they are and what was configured; nothing is asked or looked up here.
 *
 * Looking is open to everybody. SUBMIT_ROLES decides who queues tasks and MANAGE_ROLES who changes those of others
 * and the queue; where one is not set, ALLOWED_ROLES decides. Whoever queues tasks may change their own. Owners,
 * and the owner of the Discord server, may do everything without limits.
 */
import type { Reach } from '../../core/ownership.ts';
import { isId, type DiscordConfig } from './config.ts';

/**
 * What a command, button or form takes. `change`: of one task, which may turn out to be somebody else's. `steer`: of
 * what a run does on a machine, which takes more: see `steers`.
 */
export type Need = 'look' | 'submit' | 'change' | 'manage' | 'steer';

export interface Standing {
  readonly userId: string;
  readonly roles: readonly HeldRole[];
  readonly ownsServer: boolean;
}

export interface HeldRole {
  readonly id: string;
  readonly name: string;
}

export interface Rights {
  readonly submits: boolean;
  readonly changes: Reach | 'none';
  /**
   * Whose runs they may talk to, answer and stop. Without any role configured that is nobody's but their own: what is
   * said there is done on somebody's machine.
   */
  readonly steers: Reach;
  /** MAX_OPEN_PER_PERSON and MAX_SUBMISSIONS_PER_HOUR apply. */
  readonly isLimited: boolean;
}

type Rules = Pick<DiscordConfig, 'allowedRoles' | 'submitRoles' | 'manageRoles' | 'owners'>;

export function rightsOf({ userId, roles, ownsServer }: Standing, rules: Rules): Rights {
  if (ownsServer || rules.owners.includes(userId)) {
    return { submits: true, changes: 'any', steers: 'any', isLimited: false };
  }
  const holdsOneOf = (wanted: readonly string[]) =>
    wanted.length === 0 || wanted.some((wish) => roles.some((role) => isMeant(role, wish)));
  const submits = holdsOneOf(decidingRoles('submit', rules));
  const manages = holdsOneOf(decidingRoles('manage', rules));
  const changes = manages ? 'any' : submits ? 'own' : 'none';
  const steers = manages && decidingRoles('manage', rules).length > 0 ? 'any' : 'own';
  return { submits, changes, steers, isLimited: true };
}

/** An id means that role alone: whoever makes roles could call another one so. */
function isMeant({ id, name }: HeldRole, wish: string): boolean {
  return isId(wish) ? wish === id : wish === name;
}

export function suffices({ submits, changes }: Rights, need: Need): boolean {
  const enough: Readonly<Record<Need, boolean>> = {
    look: true,
    submit: submits,
    change: changes !== 'none',
    manage: changes === 'any',
    // Whose task it is shows when it is read.
    steer: true,
  };
  return enough[need];
}

/** The roles of which one is needed; empty: everybody may. */
export function decidingRoles(
  need: 'submit' | 'change' | 'manage' | 'steer',
  rules: Rules,
): readonly string[] {
  const special = need === 'submit' ? rules.submitRoles : rules.manageRoles;
  return special.length > 0 ? special : rules.allowedRoles;
}
