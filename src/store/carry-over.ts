/**
 * A restored database goes on counting where the replaced one stopped, so that no number is given twice:
 * people, chats and machines still know the tasks that were made after the backup.
 */
import Database from 'better-sqlite3';

/** Best effort: a replaced database without numbers has none to carry over. */
export function carryNumbersOver(from: string, to: string): void {
  const used = readNumbers(from);
  const client = new Database(to);
  try {
    const raise = client.prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?');
    const add = client.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
    client.transaction(() => {
      for (const { name, seq } of used) if (raise.run(seq, name).changes === 0) add.run(name, seq);
    })();
  } finally {
    client.close();
  }
}

function readNumbers(path: string): readonly { name: string; seq: number }[] {
  const client = new Database(path, { readonly: true });
  try {
    return client
      .prepare("SELECT name, seq FROM sqlite_sequence WHERE name IN ('tasks', 'task_logs')")
      .all() as { name: string; seq: number }[];
  } catch {
    return [];
  } finally {
    client.close();
  }
}
