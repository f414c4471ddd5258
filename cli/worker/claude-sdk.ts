/**
 * What is used of the Claude Agent SDK. It is no dependency of the client: it is loaded on demand from a folder of its
 * own (`sdk-home.ts`), so its shapes are written down here, as far as a run looks at them. Unknown kinds of messages
 * are noise: the package releases often and adds some each time.
 */
import type { ChildProcess } from 'node:child_process';

export interface Sdk {
  query(call: { readonly prompt: AsyncIterable<SdkInput>; readonly options: SdkOptions }): SdkQuery;
}

export interface SdkQuery extends AsyncIterable<SdkMessage> {
  /** Ends what goes on, its command included; the session lives on and takes the next input. */
  interrupt(): Promise<unknown>;
}

export interface SdkInput {
  readonly type: 'user';
  readonly uuid: string;
  readonly message: { readonly role: 'user'; readonly content: string };
  readonly parent_tool_use_id: null;
}

/** Passed on as they stand; `claude-options.ts` says why each has its value. */
export type SdkOptions = Readonly<Record<string, unknown>>;

export interface SdkBlock {
  readonly type?: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly is_error?: boolean;
}

export interface SdkMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly session_id?: string;
  /** Set on what a subagent says. */
  readonly parent_tool_use_id?: string | null;
  readonly message?: { readonly content?: string | readonly SdkBlock[] };
  /** Set on what the program says of a failed request, in the place of the model. */
  readonly error?: string;
  /** `command_lifecycle`: which input, and how far it got. */
  readonly command_uuid?: string;
  readonly state?: string;
  readonly is_error?: boolean;
  readonly result?: string;
  readonly errors?: readonly string[];
  readonly stop_reason?: string | null;
  readonly terminal_reason?: string;
  readonly api_error_status?: number | null;
  /** Set where the session could not even begin. */
  readonly startup_failure_reason?: string;
  /** `api_retry`; the status is null where no answer came. */
  readonly attempt?: number;
  readonly max_retries?: number;
  readonly retry_delay_ms?: number;
  readonly error_status?: number | null;
  /** `model_fallback`, in words. */
  readonly content?: string;
  readonly rate_limit_info?: { readonly status?: string; readonly resetsAt?: number };
}

export interface PermissionAsked {
  readonly toolUseID: string;
  /** Set where a subagent asks. */
  readonly agentID?: string;
  /** Nobody waits for the answer any more: the turn was interrupted. */
  readonly signal: AbortSignal;
  readonly suggestions?: readonly PermissionUpdate[];
  readonly title?: string;
  readonly decisionReason?: string;
  readonly suppressAlwaysAllowRule?: boolean;
}

export interface PermissionUpdate {
  readonly type: string;
  readonly behavior?: string;
  readonly destination?: string;
  readonly rules?: readonly { readonly toolName: string; readonly ruleContent?: string }[];
}

export type PermissionAnswer =
  | {
      readonly behavior: 'allow';
      readonly updatedInput: Readonly<Record<string, unknown>>;
      readonly updatedPermissions?: readonly PermissionUpdate[];
    }
  | { readonly behavior: 'deny'; readonly message: string; readonly interrupt?: boolean };

export type CanUseTool = (
  tool: string,
  input: Readonly<Record<string, unknown>>,
  asked: PermissionAsked,
) => Promise<PermissionAnswer>;

export interface SpawnCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type SpawnClaude = (call: SpawnCall) => ChildProcess;
