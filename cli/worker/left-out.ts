/** What of a run's tree could not be taken along, and the sentences that say so. */

type Why = 'large' | 'unreadable' | 'repository' | 'kind' | 'name';

const SENTENCES: Record<Why, string> = {
  large: 'Left out and not kept, since they are larger than 100 MiB',
  unreadable: 'Left out, since they cannot be read',
  repository: 'Left out and not kept, since they are repositories of their own',
  kind: 'Left out, since they are neither files nor links',
  name: 'Left out, since git takes nothing of that name',
};

const MOST_NAMED = 10;

export interface LeftOut {
  add(why: Why, name: Buffer): void;
  sentences(): string[];
}

export function createLeftOut(): LeftOut {
  const left = new Map<Why, Set<string>>();
  return {
    add(why, name) {
      const named = left.get(why) ?? new Set();
      named.add(name.toString('utf8').replace(/[\u0000-\u001f\u007f]/g, '?'));
      left.set(why, named);
    },
    sentences: () => [...left].map(([why, names]) => `${SENTENCES[why]}: ${someOf([...names])}.`),
  };
}

export function someOf(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}
