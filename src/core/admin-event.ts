/**
 * An admin event is a past-tense fact about the queue as a whole or its keys: one row of the admin trail,
 * written in the same transaction as the change it tells of. Nobody is notified of it; it answers the
 * question who did that. The keys of `details` are snake_case because the object is stored and sent as it is.
 */
import type { Actor, AdminAction } from './vocabulary.ts';

export type AdminDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface NewAdminEvent {
  readonly action: AdminAction;
  readonly actor: Actor;
  /** The key that the call was made with; null for what came without one. */
  readonly keyId: string | null;
  readonly details: AdminDetails;
  readonly timestamp: Date;
}

export interface AdminEvent extends NewAdminEvent {
  readonly id: number;
}
