interface PageRequest {
  limit: number;
  cursor?: string;
}

/** All rows of a list method, whose answers have them under `rows`; or so many of them, to a page. */
export async function everyPage<
  K extends string,
  P extends { readonly nextCursor?: string | undefined } & { readonly [key in K]: readonly unknown[] },
>(ask: (request: PageRequest) => Promise<P>, rows: K, most = Number.POSITIVE_INFINITY): Promise<P[K][number][]> {
  const all: P[K][number][] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page[rows]);
    cursor = page.nextCursor;
  } while (cursor !== undefined && all.length < most);
  return all;
}
