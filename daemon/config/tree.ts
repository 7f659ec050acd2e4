// Values of the configuration before they are checked: tables in tables.
import type { ConfigNode, ConfigPath } from '../../schemas/config-tree.ts';
import { memberOf } from '../../schemas/config-tree.ts';

export type Tree = { readonly [name: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** What stands at a path, through lists too; undefined when nothing does. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** A copy in which one more key has a value; tables on the way are made. */
export function withValue(tree: Tree, [name, ...rest]: ConfigPath, value: unknown): Tree {
  if (name === undefined) return tree;
  const inner = Object.hasOwn(tree, name) ? tree[name] : undefined;
  return { ...tree, [name]: rest.length === 0 ? value : withValue(isTree(inner) ? inner : {}, rest, value) };
}

/** `over` wins key by key; a list is a value, and replaced whole. */
export function mergeTrees(base: Tree, over: Tree, node: ConfigNode): Tree {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const member = memberOf(node, name);
    const under = Object.hasOwn(base, name) ? base[name] : undefined;
    merged[name] = member && member.kind !== 'key' && isTree(under) && isTree(value) ? mergeTrees(under, value, member) : value;
  }
  return merged;
}
