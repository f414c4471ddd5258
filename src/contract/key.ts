/** Named keys on the wire. The secret is in one answer only: the first one to whoever made the key. */
import { z } from 'zod';
import { KEY_SCOPES } from '../core/vocabulary.ts';
import * as is from './primitives.ts';

/** By which key a call came. Absent for Discord and for Athena itself. */
export const ByKey = z.object({ id: z.string(), name: z.string() });
export type ByKey = z.infer<typeof ByKey>;

export const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.string(),
  instance_id: z.string().nullable(),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});
export type KeyView = z.infer<typeof KeyView>;

export const KeyList = z.object({ keys: z.array(KeyView) });
export const KeyAnswer = z.object({ key: KeyView });

/** `secret` is null when the answer is a repeat: it is kept nowhere, so it cannot be said again. */
export const AddedKey = z.object({ key: KeyView, secret: z.string().nullable() });
export type AddedKey = z.infer<typeof AddedKey>;

/** Letters, marks, digits, signs and plain blanks between them. */
const VISIBLE = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]+(?<! )$/u;
/** Fillers, joiners and the empty braille cell, which are letters, marks and signs by their class alone. */
const BLANK = /[\p{Default_Ignorable_Code_Point}\u2800]/u;
/** A path loses these on its way, and with them the key could not be named in one. */
const DOTS = /^\.{1,2}$/;

export const AddKey = z.object({
  name: is.nameText('name').refine((name) => VISIBLE.test(name) && !BLANK.test(name) && !DOTS.test(name), {
    error: 'name must be visible characters, without blanks at its ends and more than dots.',
  }),
  scope: z.enum(KEY_SCOPES, { error: `scope must be one of ${KEY_SCOPES.join(', ')}.` }),
  instance_id: is.nameText('instance_id').nullish(),
});
export type AddKey = z.input<typeof AddKey>;

/** The body says nothing: the path names the key. */
export const RevokeKey = z.object({});
