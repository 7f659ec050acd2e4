// The configuration as a tree of tables and keys, read from its schema: whoever walks over keys walks over this.
import { z } from 'zod';
import { Config } from './config.ts';
import type { KeyMeta } from './config-key.ts';

export interface ConfigKey extends KeyMeta {
  readonly kind: 'key';
  readonly schema: z.ZodType;
  readonly description: string;
}

export type ConfigNode =
  | ConfigKey
  | { readonly kind: 'table'; readonly members: Readonly<Record<string, ConfigNode>> }
  /** A table whose names are the user's: `[models.<name>]`. */
  | { readonly kind: 'record'; readonly name: z.ZodType; readonly entry: ConfigNode };

export type ConfigPath = readonly string[];

export const configTree: ConfigNode = nodeOf(Config, []);

/** What stands at a path; undefined for what the schema does not know. The name of a record's entry may be any. */
export function nodeAt(path: ConfigPath): ConfigNode | undefined {
  let node: ConfigNode | undefined = configTree;
  for (const name of path) node = node && memberOf(node, name);
  return node;
}

export function memberOf(node: ConfigNode, name: string): ConfigNode | undefined {
  if (node.kind === 'record') return node.entry;
  return node.kind === 'table' && Object.hasOwn(node.members, name) ? node.members[name] : undefined;
}

/** Every key, in the order of the schema. `namesAt` tells the entries of a record: their names are no part of the schema. */
export function keyPaths(namesAt: (record: ConfigPath) => readonly string[], node = configTree, path: ConfigPath = []): ConfigPath[] {
  if (node.kind === 'key') return [path];
  const members: readonly (readonly [string, ConfigNode])[] =
    node.kind === 'table' ? Object.entries(node.members) : namesAt(path).map((name) => [name, node.entry]);
  return members.flatMap(([name, member]) => keyPaths(namesAt, member, [...path, name]));
}

/** The variable of a key: `COPPICE_HOT_RELOAD__DEBOUNCE_MS`. */
export function variableOf(path: ConfigPath): string {
  return `COPPICE_${path.join('__').toUpperCase().replaceAll('-', '_')}`;
}

function nodeOf(schema: z.ZodType, path: ConfigPath): ConfigNode {
  const meta = schema.meta() as (KeyMeta & { description: string }) | undefined;
  if (meta?.reload !== undefined) return { kind: 'key', schema, ...meta };
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return nodeOf(schema.unwrap() as z.ZodType, path);
  }
  if (schema instanceof z.ZodObject) {
    const members = Object.entries(schema.shape as Record<string, z.ZodType>);
    return { kind: 'table', members: Object.fromEntries(members.map(([name, member]) => [name, nodeOf(member, [...path, name])])) };
  }
  if (schema instanceof z.ZodRecord) {
    return { kind: 'record', name: schema.keyType as z.ZodType, entry: nodeOf(schema.valueType as z.ZodType, [...path, '<name>']) };
  }
  throw new Error(`the configuration key "${path.join('.')}" has no reload class; declare it with key()`);
}
