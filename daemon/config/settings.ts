// Values given one by one: by variables COPPICE_SECTION__KEY and by flags section.key=value.
import { parse } from 'smol-toml';
import { nearest } from '../../rpc/nearest.ts';
import type { ConfigNode, ConfigPath } from '../../schemas/config-tree.ts';
import { configTree, keyPaths, memberOf, nodeAt, variableOf } from '../../schemas/config-tree.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { type Layer, settingsLayer } from './layers.ts';
import { isTree, type Tree, valueAt, withValue } from './tree.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Settings {
  readonly layer: Layer;
  /** Settings that name no key. */
  readonly unknown: readonly Diagnostic[];
}

const nearNames = 3;

/**
 * Variables of the form COPPICE_SECTION__KEY; the others (COPPICE_HOME, COPPICE_TOKEN, …) are no configuration. `lower` has the names
 * that layers below have given, so that COPPICE_AGENTS__MY_AGENT__MODEL finds the agent "my-agent".
 */
export function environmentLayer(env: Env, lower: Tree): Settings {
  const given = Object.entries(env).filter(([name]) => name.startsWith('COPPICE_') && name.includes('__'));
  const unknown: Diagnostic[] = [];
  const setters: { path: ConfigPath; by: string }[] = [];
  let tree: Tree = {};
  for (const [name, text] of given) {
    if (text === undefined) continue;
    const path = name === name.toUpperCase() ? pathOf(name.slice('COPPICE_'.length).split('__'), lower) : undefined;
    if (path === undefined) unknown.push(unknownVariable(name, lower));
    else {
      tree = withValue(tree, path, settingValue(path, text));
      setters.push({ path, by: name });
    }
  }
  return { layer: settingsLayer('environment', tree, setters), unknown };
}

/** Flags `--set section.key=value`. Who types one means it, so one that names no key is an error. */
export function flagLayer(flags: readonly string[]): Settings {
  const unknown: Diagnostic[] = [];
  const setters: { path: ConfigPath; by: string }[] = [];
  let tree: Tree = {};
  for (const flag of flags) {
    const [key = '', ...rest] = flag.split('=');
    const path = key.split('.');
    if (rest.length === 0) unknown.push(flagProblem(flag, key, 'has no value; write section.key=value'));
    else if (nodeAt(path)?.kind !== 'key') unknown.push(flagProblem(flag, key, `names no configuration key${nearKeys(key)}`));
    else {
      tree = withValue(tree, path, settingValue(path, rest.join('=')));
      setters.push({ path, by: `--set ${key}` });
    }
  }
  return { layer: settingsLayer('flag', tree, setters), unknown };
}

/** The path that a variable's parts name, ending at a key. */
function pathOf(parts: readonly string[], lower: Tree): ConfigPath | undefined {
  const path: string[] = [];
  let node: ConfigNode | undefined = configTree;
  for (const part of parts) {
    const name: string = node?.kind === 'record' ? entryName(part, valueAt(lower, path)) : part.toLowerCase();
    node = part === '' ? undefined : node && memberOf(node, name);
    path.push(name);
  }
  return node?.kind === 'key' ? path : undefined;
}

/** A variable's name has no hyphens and no case: an entry that is there counts before a new one. */
function entryName(part: string, record: unknown): string {
  const name = part.toLowerCase();
  const known = isTree(record) ? Object.keys(record) : [];
  return known.includes(name) ? name : (known.find((entry) => entry.toLowerCase().replaceAll('-', '_') === name) ?? name);
}

/** A TOML value where the text is one and the key takes it, else the text itself. */
function settingValue(path: ConfigPath, text: string): unknown {
  let value: unknown = text;
  try {
    const parsed = parse(`value = ${text}`);
    if (Object.keys(parsed).length === 1) value = parsed.value;
  } catch {
    // No TOML: the text is meant.
  }
  const node = nodeAt(path);
  const takes = (candidate: unknown): boolean => node?.kind === 'key' && node.schema.safeParse(candidate).success;
  return !takes(value) && takes(text) ? text : value;
}

function unknownVariable(name: string, lower: Tree): Diagnostic {
  const parts = name.slice('COPPICE_'.length).split('__');
  // A variable may name an entry that no other layer has.
  const namesAt = (record: ConfigPath): string[] => {
    const entries = valueAt(lower, record);
    return [...(isTree(entries) ? Object.keys(entries) : []), parts[record.length] ?? ''].filter(Boolean);
  };
  const near = nearest(name, new Set(keyPaths(namesAt).map(variableOf))).slice(0, nearNames);
  const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : '.';
  return { level: 'warning', key: name, message: `The variable "${name}" names no configuration key${hint}` };
}

function nearKeys(key: string): string {
  const parts = key.split('.');
  const near = nearest(
    key,
    keyPaths((record) => [parts[record.length] ?? '']).map((path) => path.join('.')),
  );
  return near[0] === undefined ? '' : `; did you mean "${near[0]}"?`;
}

function flagProblem(flag: string, key: string, what: string): Diagnostic {
  return { level: 'error', path: `--set ${flag}`, key, message: what };
}
