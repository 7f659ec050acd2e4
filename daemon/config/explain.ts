// One key of a configuration: its value, who set it, and what a change of it would do. Secrets are masked for everybody.

import { nearest } from '../../rpc/nearest.ts';
import { builtinConfig, Config } from '../../schemas/config.ts';
import type { ConfigExplanation } from '../../schemas/config-methods.ts';
import type { ConfigNode, ConfigPath } from '../../schemas/config-tree.ts';
import { configTree, keyPaths, memberOf, nodeAt, variableOf } from '../../schemas/config-tree.ts';
import { Failure } from '../../schemas/errors.ts';
import { deciding } from './layers.ts';
import type { LoadedConfig } from './load.ts';
import { isTree, valueAt } from './tree.ts';

const masked = '(secret)';
/** With what a table gives its keys, which may be another default than a key has by itself. */
const defaults = Config.parse(builtinConfig);

export function maskedValue(value: unknown, node: ConfigNode): unknown {
  if (node.kind === 'key') return node.secret && value !== undefined ? masked : value;
  if (!isTree(value)) return value;
  const members = Object.entries(value).map(([name, inner]) => {
    const member = memberOf(node, name);
    return [name, member === undefined ? inner : maskedValue(inner, member)];
  });
  return Object.fromEntries(members);
}

/** A table or a key of it; null for a key without a value. */
export function getValue({ config }: LoadedConfig, key: string | undefined): unknown {
  if (key === undefined) return maskedValue(config, configTree);
  const { path, node } = find(config, key);
  return maskedValue(valueAt(config, path), node) ?? null;
}

export async function explainKey({ config, layers }: LoadedConfig, key: string): Promise<ConfigExplanation> {
  const { path, node } = find(config, key);
  if (node.kind !== 'key') throw noKey(config, key);
  const layer = deciding(layers, path);
  const isSet = layer !== undefined && valueAt(layer.tree, path) !== undefined;
  return {
    key,
    value: maskedValue(valueAt(config, path), node) ?? null,
    layer: isSet ? layer.name : 'default',
    ...(isSet ? await layer.written(path, 'name') : {}),
    default: valueAt(defaults, path) ?? node.schema.safeParse(undefined).data ?? null,
    description: node.description,
    reload: node.reload,
    projectSafe: node.projectSafe === true,
    secret: node.secret === true,
    variable: variableOf(path),
  };
}

function find(config: unknown, key: string): { path: ConfigPath; node: ConfigNode } {
  const path = key.split('.');
  const node = nodeAt(path);
  const entry = entryOf(path);
  // The name of an entry may be any, so it counts only when somebody made it.
  if (node !== undefined && (entry === undefined || valueAt(config, entry) !== undefined)) return { path, node };
  const suggestions = nearest(key, keysOf(config));
  const advice = suggestions[0] === undefined ? '"coppice config get" lists them all.' : `did you mean "${suggestions[0]}"?`;
  throw new Failure('NOT_FOUND', `There is no configuration key "${key}"; ${advice}`, {
    details: { entity: 'config key', id: key, suggestions },
  });
}

function noKey(config: unknown, key: string): Failure {
  const suggestions = keysOf(config).filter((name) => name.startsWith(`${key}.`));
  const like = suggestions[0] === undefined ? '' : `, like "${suggestions[0]}"`;
  return new Failure('NOT_FOUND', `"${key}" is a table; ask for one key of it${like}.`, {
    details: { entity: 'config key', id: key, suggestions: suggestions.slice(0, 3) },
  });
}

/** The entry of a record that a path leads to or into. */
function entryOf(path: ConfigPath): ConfigPath | undefined {
  const length = path.findIndex((_, index) => nodeAt(path.slice(0, index))?.kind === 'record');
  return length === -1 ? undefined : path.slice(0, length + 1);
}

export function keysOf(config: unknown): string[] {
  return keyPaths((record) => Object.keys(valueAt(config, record) ?? {}), configTree).map((path) => path.join('.'));
}
