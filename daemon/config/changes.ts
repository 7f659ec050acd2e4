// What differs between two configurations, key by key.
import type { Config } from '../../schemas/config.ts';
import type { ConfigPath } from '../../schemas/config-tree.ts';
import { keyPaths, nodeAt } from '../../schemas/config-tree.ts';
import { valueAt } from './tree.ts';

export function changesBetween(before: Config, after: Config): string[] {
  const namesAt = (record: ConfigPath): string[] => [
    ...new Set([before, after].flatMap((config) => Object.keys(valueAt(config, record) ?? {}))),
  ];
  return keyPaths(namesAt)
    .filter((path) => JSON.stringify(valueAt(before, path)) !== JSON.stringify(valueAt(after, path)))
    .map((path) => path.join('.'));
}

/** Those of some keys whose new value waits for the next daemon. */
export function waitingForRestart(keys: readonly string[]): string[] {
  return keys.filter((key) => {
    const node = nodeAt(key.split('.'));
    return node?.kind === 'key' && node.reload === 'restart';
  });
}
