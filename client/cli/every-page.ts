interface PageRequest {
  limit: number;
  cursor?: string;
}

/** All rows of a list method, whose answers have them under `rows`. */
export async function everyPage<K extends string, T>(
  ask: (request: PageRequest) => Promise<{ readonly nextCursor?: string | undefined } & { readonly [key in K]: readonly T[] }>,
  rows: K,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page[rows]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return all;
}
