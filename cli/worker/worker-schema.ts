/**
 * The fields of `worker.yaml`, as they are written there. Every message goes on where the field's name ends
 * ("must be ..."), and none repeats a value.
 */
import { z } from 'zod';
import { isReserved } from './secret-names.ts';

/** A week: longer than any run, and far from where timers overflow. */
const LONGEST_MINUTES = 10_080;

const text = (what: string, pattern: RegExp) => z.string({ error: what }).regex(pattern, { error: what });
const flag = z.boolean({ error: 'must be true or false' });
const line = text('must be text on one line', /^[^\u0000-\u001f\u007f]+$/);

const minutes = (least: 0 | 1) => {
  const what = `must be a number of minutes ${least === 0 ? 'from' : 'above'} 0 to ${LONGEST_MINUTES}`;
  const number = z.number({ error: what }).max(LONGEST_MINUTES, { error: what });
  return least === 0 ? number.min(0, { error: what }) : number.positive({ error: what });
};

const limit = (unit: string, whole: boolean) => {
  const what = `must be a ${whole ? 'whole ' : ''}number of ${unit} above 0, or null for no limit`;
  const number = z.number({ error: what }).positive({ error: what });
  return (whole ? number.int({ error: what }) : number).nullable();
};

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const PROJECT_NAME = {
  pattern: NAME,
  text: 'must be 1 to 32 characters of a-z, 0-9 and "-"',
} as const;
const projectName = text(PROJECT_NAME.text, NAME);
const capability = text('must be 1 to 32 characters of a-z, 0-9 and "-"', /^[a-z0-9-]{1,32}$/);

const list = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item, { error: `must be a list of ${what}` });

/** Short names of models change their meaning under a running worker. */
const model = text(
  'must be a full model id such as claude-sonnet-4-5',
  /^(?!(?:default|haiku|sonnet|opus|opusplan|best)$)[A-Za-z0-9][A-Za-z0-9._:@/[\]-]{0,99}$/,
);

/** What git allows for a branch, near enough, so that the mistake is found here and not in the first run. */
const branch = text(
  'must be the name of a branch',
  /^(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\s~^:?*[\\\u0000-\u001f\u007f./-][^\s~^:?*[\\\u0000-\u001f\u007f]*(?<![./])$/,
);

/** No program can be given one. */
const NO_NUL = /^[^\u0000]*$/;
const NUL = 'must not contain the character NUL';
const quoted = z.string({ error: 'must be text: put it in quotes' }).regex(NO_NUL, { error: NUL });

export const variable = text('must be the name of a variable', /^[A-Za-z_][A-Za-z0-9_]*$/).refine(
  (name) => !isReserved(name),
  { error: 'must not be a variable that the worker keeps to itself or sets for each run' },
);

const env = z.strictObject({
  pass: list(variable, 'names of variables').default([]),
  set: z
    .record(z.string(), quoted, {
      error: 'must be fields with text',
    })
    .default({}),
});

export const projectSchema = z
  .strictObject({
    repo: line,
    base: branch.default('main'),
    setup: z
      .string({ error: 'must be a shell command' })
      .min(1, { error: 'must be a shell command' })
      .regex(NO_NUL, { error: NUL })
      .nullable(),
    setup_minutes: minutes(1).default(10),
    idle_minutes: minutes(1).default(10),
    max_turns_per_run: limit('turns', true).default(null),
    executor: z.enum(['claude', 'command'], { error: 'must be claude or command' }).default('claude'),
    command: list(quoted.min(1, { error: 'must not be empty' }), 'a program and its arguments').default([]),
    model: model.nullable(),
    permissions: z.enum(['ask', 'edit', 'full'], { error: 'must be ask, edit or full' }).default('ask'),
    allow: list(line, 'rules').default([]),
    deny: list(line, 'rules').default([]),
    allow_root: flag.default(false),
    project_settings: flag.default(false),
    mcp_servers: z
      .record(z.string(), z.looseObject({}, { error: 'must be the settings of a server' }), {
        error: 'must be fields with the settings of servers',
      })
      .default({}),
    env: env.prefault({}),
    push: flag.default(true),
    sandbox: flag.default(false),
  })
  .partial({ setup: true, model: true });

const limitsSchema = z.strictObject({
  max_cost_usd: limit('US dollars', false).default(5),
  max_tokens: limit('tokens', true).default(5_000_000),
  max_turns: limit('turns', true).default(100),
  max_minutes: limit('minutes', false).default(60),
  daily_cost_usd: limit('US dollars', false).default(50),
  min_free_disk_gb: z
    .number({ error: 'must be a number of gigabytes from 0' })
    .min(0, { error: 'must be a number of gigabytes from 0' })
    .default(2),
});

const CONCURRENCY = 'must be a whole number from 1 to 64';
const ADDRESS = 'must be an email address';

const workerSchema = z.strictObject({
  name: text(
    'must be 1 to 100 characters without control characters',
    /^[^\u0000-\u001f\u007f-\u009f]{1,100}$/,
  ),
  capabilities: list(capability, 'words').max(50, { error: 'must be at most 50 words' }).default([]),
  concurrency: z
    .int({ error: CONCURRENCY })
    .min(1, { error: CONCURRENCY })
    .max(64, { error: CONCURRENCY })
    .optional(),
  default_project: projectName.nullable().default(null),
  workspace: line.default('~/.local/share/athena-worker'),
  grace_minutes: minutes(0).default(5),
  hold_minutes: minutes(0).default(10),
  checkpoint_minutes: minutes(1).default(2),
  limits: limitsSchema.prefault({}),
  git: z
    .strictObject({
      name: text('must be a name', /^[^<>\u0000-\u001f\u007f]{1,100}$/).default('Athena'),
      email: text(ADDRESS, /^[^\s<>@]+@[^\s<>@]+$/).default('athena@localhost'),
    })
    .prefault({}),
  projects: z
    .record(z.string(), projectSchema, { error: 'must name at least one project, each with its repo' })
    .refine((projects) => Object.keys(projects).length > 0, { error: 'must name at least one project' }),
});
// The name's default depends on the machine.
export const fileSchema = workerSchema.partial({ name: true });
export type WorkerFile = z.infer<typeof fileSchema>;
export type ProjectFile = z.infer<typeof projectSchema>;
