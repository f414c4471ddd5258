import type { WaitOptions } from './bell.ts';
import type { TwinChannel } from './channel-handle.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { TwinGuild } from './guild-handle.ts';
import type { ArmedFault, Fault, RestMatcher } from './http/faults.ts';
import type { RestRecord, Violation } from './http/journal.ts';
import type { TwinUser } from './users/user.ts';
import type { InteractionRecord } from './world/interactions.ts';
import type { Ping, TwinMessage } from './world/model.ts';
import type { RegisteredCommand } from './world/world.ts';

/** `bad-gateway`: REST answers 502. `refused`: nobody listens on the port. Both cut the gateway. */
export type OutageKind = 'bad-gateway' | 'refused';

/** Discord, as far as a bot can tell. It outlives the bot, which may come back after a crash. */
export interface DiscordTwin {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** For `DISCORD_API_URL`: `http://127.0.0.1:PORT/api`. */
  readonly url: string;
  /** For `DISCORD_TOKEN`. Setting it is like making a new one: the old one is refused from then on. */
  token: string;
  readonly bot: { readonly id: string; readonly applicationId: string };

  readonly guild: TwinGuild;
  addGuild(name: string, channels?: readonly string[]): TwinGuild;
  /** Of the first guild by name, or of any by id. */
  channel(nameOrId: string): TwinChannel;
  /** A person of the first guild; the same name gives the same person. */
  user(name: string, options?: { roles?: readonly string[]; displayName?: string }): TwinUser;
  message(id: string): TwinMessage;

  readonly commands: readonly RegisteredCommand[];
  readonly requests: readonly RestRecord[];
  /** How many there were, also when only the latest are remembered. */
  readonly requestCount: number;
  /** The requests that Discord's rules refused; faults are not among them. */
  readonly refused: readonly RestRecord[];
  /** Rules broken that a well-made bot keeps. Tests assert that it is empty. */
  readonly violations: readonly Violation[];
  /** Returns them and forgets them, for a test that provokes one on purpose. */
  takeViolations(): Violation[];
  readonly unknownRoutes: readonly string[];
  readonly interactions: readonly InteractionRecord[];
  readonly pings: readonly Ping[];
  readonly gateway: Gateway;
  /** Resolves as soon as the predicate is truthy; looked at after every change, never by polling. */
  waitFor<T>(predicate: () => T | false | undefined | null | 0 | '', options?: WaitOptions): Promise<T>;
  /** Resolves when the bot is connected and has registered commands. */
  waitForBot(options?: WaitOptions): Promise<void>;

  now(): number;
  advance(ms: number): void;
  fault(matcher: RestMatcher, fault: Fault, options?: { times?: number }): ArmedFault;
  clearFaults(): void;
  beginOutage(kind?: OutageKind): Promise<void>;
  endOutage(): Promise<void>;
}
