/** A list as long as it was asked for, however little the server gives at once. */
interface Query {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Page {
  readonly next_cursor: string | null;
}

/** What the server gives at once. */
const PAGE = 200;

/** The last page, holding the items of all under `name`; its cursor is null when there is nothing more. */
export async function readPages<N extends string, P extends Page & Record<N, readonly unknown[]>>(
  name: N,
  limit: number,
  ask: (query: Query) => Promise<P>,
): Promise<P> {
  let list = await ask({ limit: Math.min(PAGE, limit) });
  while (list.next_cursor !== null && list[name].length < limit) {
    const size = Math.min(PAGE, limit - list[name].length);
    const page = await ask({ limit: size, cursor: list.next_cursor });
    // A page without items and with a cursor would go on for ever.
    const next = page[name].length === 0 ? null : page.next_cursor;
    list = { ...page, [name]: [...list[name], ...page[name]], next_cursor: next };
  }
  return list;
}
