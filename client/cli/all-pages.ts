interface Paging {
  limit: number;
  cursor?: string;
}

/** Every entry of a paged list. */
export async function allPages<P extends { nextCursor?: string | undefined }, T>(
  read: (paging: Paging) => Promise<P>,
  entriesOf: (page: P) => readonly T[],
): Promise<T[]> {
  const entries: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    entries.push(...entriesOf(page));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return entries;
}
