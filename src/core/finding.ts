/** What an examination found out about one thing, and what people should do about it. Never holds a secret. */
export interface Finding {
  /** The thing that was looked at, in a word or two. */
  readonly about: string;
  /** A warning can wait; a problem takes something away from people now, or soon will. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly says: string;
  /** The next step; always there unless all is well. */
  readonly todo?: string;
}

export const ok = (about: string, says: string): Finding => ({ about, state: 'ok', says });

export const warning = (about: string, says: string, todo: string): Finding => ({
  about,
  state: 'warning',
  says,
  todo,
});

export const problem = (about: string, says: string, todo: string): Finding => ({
  about,
  state: 'problem',
  says,
  todo,
});
