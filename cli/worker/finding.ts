/** What `work setup` finds out about one thing that the worker needs. */
export interface Finding {
  readonly name: string;
  /** `missing`: tasks would fail; `note`: to be known, and no fault. */
  readonly state: 'ok' | 'note' | 'missing';
  /** A sentence. */
  readonly text: string;
  /** What to do about it, as a sentence. */
  readonly next: string | null;
}

export function ok(name: string, text: string): Finding {
  return { name, state: 'ok', text, next: null };
}

export function note(name: string, text: string, next: string | null = null): Finding {
  return { name, state: 'note', text, next };
}

export function missing(name: string, text: string, next: string): Finding {
  return { name, state: 'missing', text, next };
}
