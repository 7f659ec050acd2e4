// One layer of the configuration: what it sets, and where each of it was written.
import { parse, TomlError } from 'smol-toml';
import type { ConfigPath } from '../../schemas/config-tree.ts';
import { variableOf } from '../../schemas/config-tree.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { type PlaceOf, placesIn } from './toml-places.ts';
import { type Tree, valueAt } from './tree.ts';

/** Least first. */
export const layerNames = ['default', 'snapshot', 'user', 'project', 'environment', 'flag'] as const;
export type LayerName = (typeof layerNames)[number];

/** Where something was written: a place in a file, a variable, or a flag. */
export interface Written {
  /** The file; for a variable or flag what it is called. */
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Layer {
  readonly name: LayerName;
  readonly tree: Tree;
  /** Of a value or of its name; loads what it needs when it is asked. */
  written(path: ConfigPath, part: 'name' | 'value'): Promise<Written>;
}

export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** The file as a layer, or the one place where it is no TOML. */
export function fileLayer(name: LayerName, { path, text }: FileText): Layer | { readonly problem: Diagnostic } {
  let tree: Tree;
  try {
    tree = parse(text) as Tree;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? 'is not TOML';
    return { problem: { level: 'error', path, line: error.line, column: error.column, message } };
  }
  let places: Promise<PlaceOf> | undefined;
  const written: Layer['written'] = async (at, part) => {
    places ??= placesIn(text);
    return { path, ...(await places)(at, part) };
  };
  return { name, tree, written };
}

export function plainLayer(name: LayerName, tree: Tree, path?: string): Layer {
  return { name, tree, written: async () => (path === undefined ? {} : { path }) };
}

/** A layer of single values, each with the name of what set it. */
export function settingsLayer(name: LayerName, tree: Tree, setters: readonly { readonly path: ConfigPath; readonly by: string }[]): Layer {
  const startsWith = (at: ConfigPath, path: ConfigPath): boolean => path.every((part, index) => at[index] === part);
  return {
    name,
    tree,
    async written(at) {
      const setter = setters.findLast(({ path }) => startsWith(at, path)) ?? setters.find(({ path }) => startsWith(path, at));
      return { path: setter?.by ?? variableOf(at) };
    },
  };
}

/** The layer that decides about a path: the highest one that has it, or something around it. */
export function deciding(layers: readonly Layer[], path: ConfigPath): Layer | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = layers.findLast(({ tree }) => valueAt(tree, path.slice(0, length)) !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
