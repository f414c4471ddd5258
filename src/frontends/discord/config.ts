/** What this front end is given. Nothing here is read from the environment. */
import type { Clock, Logger, Store } from '../../core/ports.ts';
import type { AttachmentShelf } from '../../core/run-files.ts';
import type { RunService } from '../../core/run-service.ts';
import type { TaskService } from '../../core/task-service.ts';

export interface DiscordConfig {
  readonly token: string;
  /** Base URL of the REST API up to and including `/api`; left out for Discord's own. */
  readonly apiUrl?: string | undefined;
  /** Names or ids of channels where commands work; threads under them count too. */
  readonly allowedChannels: readonly string[];
  /** Name or id. */
  readonly notificationChannel: string;
  /** Name or id of a forum: tasks that workers run get a post there instead of a thread on their card. */
  readonly taskForum: string | null;
  /** Names or ids of roles that may change anything; empty: everyone in the channel. */
  readonly allowedRoles: readonly string[];
  /** Names or ids of roles that may queue tasks; empty: whoever `allowedRoles` lets in. */
  readonly submitRoles: readonly string[];
  /** Names or ids of roles that may change tasks of others and the queue; empty: whoever `allowedRoles` lets in. */
  readonly manageRoles: readonly string[];
  /** User ids that may always do everything. */
  readonly owners: readonly string[];
  readonly limits: { readonly openPerPerson: number | null; readonly submissionsPerHour: number | null };
  /** What the runs of one person may cost on one day; null: no limit. The queue keeps it, here it is told. */
  readonly dailyCostUsd: number | null;
  /** What is said in a task's thread is a reply to it. */
  readonly threadReplies: boolean;
  readonly guildId: string | null;
  readonly timeZone: string;
}

export interface About {
  readonly version: string;
  readonly startedAt: Date;
}

export interface DiscordDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly tasks: TaskService;
  readonly runs: RunService;
  readonly shelf: AttachmentShelf;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly about: About;
}

export const FRONT_END = 'discord';

const ID = /^\d{15,21}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

/** Channel names are lower case and shown with a `#` that is no part of them. */
export function channelName(text: string): string {
  return text.trim().replace(/^#/, '').toLowerCase();
}
