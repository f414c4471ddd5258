/** What the workers that are online say they serve and have: for suggestions alone, a task may ask for more. */
import type { AutocompleteInteraction } from 'discord.js';
import type { Store } from '../../../core/ports.ts';
import type { Choice, Turn } from '../turn.ts';
import { flat } from '../text.ts';
import { plural } from '../words.ts';

const SUGGESTIONS = 25;
const WORD_LENGTH = 32;

/** By name, with how many workers serve it. */
export async function announcedProjects(store: Store): Promise<ReadonlyMap<string, number>> {
  return tally(await announcements(store, 'projects'));
}

export async function suggestProjects(
  { kit }: Turn<AutocompleteInteraction>,
  typed: string,
): Promise<Choice[]> {
  const wanted = typed.trim().toLowerCase();
  return [...(await announcedProjects(kit.store))]
    .filter(([name]) => name.includes(wanted))
    .slice(0, SUGGESTIONS)
    .map(([name, workers]) => ({ name: flat(`${name} (${plural(workers, 'worker')})`, 100), value: name }));
}

/** The word that is being typed, after those that stand already. */
export async function suggestCapabilities(
  { kit }: Turn<AutocompleteInteraction>,
  typed: string,
): Promise<Choice[]> {
  const words = typed.toLowerCase().split(/[\s,;]+/);
  const wanted = words.pop() ?? '';
  const known = tally(await announcements(kit.store, 'capabilities'));
  return [...known.keys()]
    .filter((word) => word.includes(wanted) && !words.includes(word))
    .map((word) => [...words.filter((one) => one !== ''), word].join(', '))
    .filter((text) => text.length <= 100)
    .slice(0, SUGGESTIONS)
    .map((text) => ({ name: text, value: text }));
}

async function announcements(store: Store, what: 'projects' | 'capabilities'): Promise<readonly string[]> {
  const instances = await store.instances();
  return instances
    .filter(({ status }) => status !== 'offline')
    .flatMap(({ worker }) => [...new Set<string | null>(worker?.[what])])
    .filter((word) => word !== null && word.length <= WORD_LENGTH) as readonly string[];
}

/** In the order of the alphabet. */
function tally(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words.toSorted()) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
