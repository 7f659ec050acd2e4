// Which name stands for which entry of a table of the registry. Pure.

/** What the registry needs to know of an entry, whatever it is. */
export interface Named {
  readonly aliases: readonly string[];
  readonly enabled: boolean;
}

export interface NameIndex<T extends Named> {
  /** The canonical name behind a name or alias, whether it is enabled or not. */
  canonical(name: string): string | undefined;
  find(name: string): { readonly name: string; readonly entry: T } | undefined;
  /** Canonical names of what is enabled, sorted. */
  readonly available: readonly string[];
  /** All that resolves: for suggestions. */
  readonly spoken: readonly string[];
}

/** Case does not count. */
export function indexNames<T extends Named>(table: Readonly<Record<string, T>>): NameIndex<T> {
  const entries = Object.entries(table);
  const canonicalOf = new Map<string, string>();
  for (const [name, { aliases }] of entries) for (const alias of aliases) canonicalOf.set(alias.toLowerCase(), name);
  // A name wins over an alias of the same spelling, which the check of the configuration refuses anyway.
  for (const [name] of entries) canonicalOf.set(name.toLowerCase(), name);
  const enabled = entries.filter(([, entry]) => entry.enabled);
  const canonical = (name: string): string | undefined => canonicalOf.get(name.toLowerCase());
  return {
    canonical,
    find(name) {
      const found = canonical(name);
      const entry = found === undefined ? undefined : table[found];
      return found === undefined || entry === undefined ? undefined : { name: found, entry };
    },
    available: enabled.map(([name]) => name).toSorted(),
    spoken: enabled.flatMap(([name, { aliases }]) => [name, ...aliases]),
  };
}
