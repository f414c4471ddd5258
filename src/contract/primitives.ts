/** The small shapes that requests are made of. Strict in values; unknown fields are ignored. */
import { z } from 'zod';
import { PRIORITIES, TASK_STATUSES, TEXT_LIMITS } from '../core/vocabulary.ts';

const hasNul = (text: string) => text.includes('\u0000');
// The C0 and C1 control characters and DEL: nothing in a name that could forge a line of a log or a card.
const hasControl = (text: string) => /[\u0000-\u001f\u007f-\u009f]/.test(text);

// A half of a surrogate pair cannot be stored: the database keeps UTF-8.
const isBroken = (text: string) => /\p{Surrogate}/u.test(text);

const text = (what: string, max: number) =>
  z
    .string({
      error: (issue) => (issue.input === undefined ? `${what} is required.` : `${what} must be text.`),
    })
    // In UTF-16 units, as the limits are given; zod's own `max` counts code points.
    .refine((value) => value.length <= max, { error: `${what} must not be longer than ${max} characters.` })
    .refine((value) => !hasNul(value), { error: `${what} must not contain NUL characters.` })
    .refine((value) => !isBroken(value), { error: `${what} must be well-formed Unicode.` });

export const filledText = (what: string, max: number) =>
  text(what, max).refine((value) => value.trim() !== '', { error: `${what} must not be empty.` });

export const nameText = (what: string) =>
  filledText(what, TEXT_LIMITS.name).refine((value) => !hasControl(value), {
    error: `${what} must not contain control characters.`,
  });

export const description = filledText('description', TEXT_LIMITS.description);
export const errorText = filledText('error', TEXT_LIMITS.error);
export const notes = text('notes', TEXT_LIMITS.notes);
/** A line. */
export const shortText = (what: string) => text(what, TEXT_LIMITS.reason);
export const reason = shortText('reason');
export const leaseId = nameText('lease_id');
export const longText = (what: string, max: number) => text(what, max);
export const messageText = text('text', TEXT_LIMITS.message);

/** A repository that workers serve. */
const projectName = (what: string) =>
  z.string({ error: `${what} must be text.` }).regex(/^[a-z0-9][a-z0-9-]{0,31}$/, {
    error: `${what} must be 1 to 32 characters of a-z, 0-9 and "-", beginning with a letter or digit.`,
  });
export const project = projectName('project');
const capability = (what: string) =>
  z.string({ error: `${what} must be a list of words.` }).regex(/^[a-z0-9-]{1,32}$/, {
    error: `Each word of ${what} must be 1 to 32 characters of a-z, 0-9 and "-".`,
  });
export const capabilities = (what: string, most: number) =>
  z
    .array(capability(what), { error: `${what} must be a list of capabilities.` })
    .max(most, { error: `${what} must not name more than ${most} capabilities.` });
export const projects = z
  .array(projectName('Each name of projects').nullable(), {
    error: 'projects must be a list of project names and null.',
  })
  .max(200, { error: 'projects must not name more than 200 projects.' });

export const priority = z.enum(PRIORITIES, { error: `priority must be one of ${PRIORITIES.join(', ')}.` });
export const status = z.enum(TASK_STATUSES, { error: `status must be one of ${TASK_STATUSES.join(', ')}.` });

const number = (what: string, range: { min: number; max: number }) => {
  const error = `${what} must be a number from ${range.min} to ${range.max}.`;
  return z.number({ error }).min(range.min, { error }).max(range.max, { error });
};

/** More than anybody uses, and little enough that a sum of many is still exact. */
const MOST = 1e12;

/** A whole number from 0 up. */
export const count = (what: string) =>
  z
    .number({ error: `${what} must be a whole number.` })
    .refine((value) => Number.isSafeInteger(value) && value >= 0 && value <= MOST, {
      error: `${what} must be a whole number from 0 to ${MOST}.`,
    });

/** Any number from 0 up. */
export const amount = (what: string) => number(what, { min: 0, max: MOST });

/** More than nothing: a budget of nothing could never begin. */
export const budget = (what: string, kind: 'whole' | 'any') =>
  z
    .number({ error: `${what} must be a number.` })
    .refine((value) => value > 0 && value <= MOST && (kind === 'any' || Number.isSafeInteger(value)), {
      error: `${what} must be a ${kind === 'whole' ? 'whole ' : ''}number above 0, up to ${MOST}.`,
    });

/** Out-of-range lengths are clamped by the lease rules, so any number is welcome. */
export const leaseSeconds = z.number({ error: 'lease_seconds must be a number of seconds.' });
export const waitSeconds = number('wait_seconds', { min: 0, max: 60 });
export const retryInSeconds = number('retry_in_seconds', { min: 0, max: 31_536_000 });
