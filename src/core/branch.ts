/** The branch that a task's work is delivered on: its id, and a few words for people. */
import { titleOf } from './event.ts';

const SLUG_LENGTH = 40;
/** The marks that a letter is taken apart into: "ü" is "u" and two dots. */
const MARKS = /\p{Mark}+/gu;

/** `claude/<id>-<slug>`: ASCII letters, digits and "-" only, whatever the task says. */
export function branchOf(taskId: number, description: string): string {
  const plain = titleOf(description).normalize('NFKD').replace(MARKS, '').toLowerCase();
  const slug = plain
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, SLUG_LENGTH)
    .replace(/-$/, '');
  return `claude/${taskId}-${slug === '' ? 'task' : slug}`;
}
