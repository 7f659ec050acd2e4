/** A page of what is sorted by name; the cursor is the last name of the page before. */
export function pageByName<T extends { readonly name: string }>(
  all: readonly T[],
  cursor: string | undefined,
  limit: number,
): { items: readonly T[]; nextCursor?: string } {
  const rest = cursor === undefined ? all : all.filter(({ name }) => name > cursor);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(rest.length > limit && last !== undefined ? { nextCursor: last.name } : {}) };
}
