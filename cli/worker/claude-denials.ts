/**
 * What `deny` of a project means where nobody looks at a command. The program holds it against the command itself; here
 * the words of a rule are looked for anywhere in it, so that they hold in `sh -c`, `$(...)`, `find -exec` and a heredoc
 * too. What a run writes into a script and runs then is seen by neither.
 */
const RULE = /^Bash\((.*?)(?::\*|\s*\*)?\)$/s;
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** The first rule that has its words in this command; undefined: none. */
export function deniedBy(rules: readonly string[], command: unknown): string | undefined {
  if (typeof command !== 'string') return undefined;
  return rules.find((rule) => patternOf(rule)?.test(command) === true);
}

function patternOf(rule: string): RegExp | null {
  const words = (RULE.exec(rule.trim())?.[1] ?? '').split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return null;
  const parts = words.map((word) => word.split('*').map(literal).join('\\S*'));
  return new RegExp(`(?<![\\w.-])${parts.join('\\s+')}(?![\\w.-])`);
}

const literal = (text: string) => text.replace(SPECIAL, '\\$&');
