import { limits } from '../../schemas/index.ts';
import { compact } from './compact.ts';
import type { LeaseWish } from './definition.ts';
import { leaseShape } from './file-shape.ts';
import type { Problems } from './problems.ts';
import { readKeys } from './read-keys.ts';
import { isNothing } from './scalar.ts';

/** `leases:` of a command file; each key once, since each becomes one variable. */
export function readLeases(raw: unknown, problems: Problems): readonly LeaseWish[] {
  if (isNothing(raw)) return [];
  if (!Array.isArray(raw) || raw.length > limits.leasesPerOwner) {
    problems.add({ path: ['leases'], message: `"leases" must be a list of at most ${limits.leasesPerOwner} entries.` });
    return [];
  }
  const seen = new Set<string>();
  return raw.flatMap((item: unknown, index): LeaseWish[] => {
    const path = ['leases', index];
    const keys = readKeys(item, path, problems, { place: 'lease', shape: leaseShape });
    if (keys === undefined) return [];
    const { key, kind, ...rest } = keys;
    if (key === undefined || kind === undefined) {
      problems.add({ path, message: 'A lease needs a "key" and a "kind" of port, name or slot.' });
      return [];
    }
    const variable = key.toUpperCase();
    if (seen.has(variable)) problems.add({ path, message: `The key "${key}" stands twice in "leases".` });
    seen.add(variable);
    return [compact({ key, kind, ...rest })];
  });
}
