// Layers of configuration become one checked, frozen snapshot, or everything that is wrong with them at once.
import { builtinConfig, Config } from '../../schemas/config.ts';
import type { ConfigPath } from '../../schemas/config-tree.ts';
import { configTree, nodeAt } from '../../schemas/config-tree.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { checkTree, type MayBeSet } from './check-tree.ts';
import { crossCheck } from './cross-check.ts';
import { type Fault, faultOf } from './faults.ts';
import { deciding, type FileText, fileLayer, type Layer, plainLayer } from './layers.ts';
import { type Env, environmentLayer, flagLayer } from './settings.ts';
import { isTree, mergeTrees, type Tree, valueAt } from './tree.ts';

export interface ConfigSources {
  /** The user's file; absent when there is none. */
  readonly user?: FileText;
  /** The file of a project. */
  readonly project?: FileText;
  /** Stands for the file of the user when that is no good. */
  readonly snapshot?: { readonly path: string; readonly tree: Tree };
  readonly env?: Env;
  /** `section.key=value` */
  readonly flags?: readonly string[];
}

export interface LoadedConfig {
  /** Frozen through and through. */
  readonly config: Config;
  /** Least first. */
  readonly layers: readonly Layer[];
  /** All layers in one, before defaults are filled in. */
  readonly tree: Tree;
  readonly warnings: readonly Diagnostic[];
}

/** Throws CONFIG_INVALID with every place that is wrong. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const read = await readConfig(sources);
  if ('loaded' in read) return read.loaded;
  throw invalidConfig(read.diagnostics);
}

export async function readConfig(sources: ConfigSources): Promise<{ loaded: LoadedConfig } | { diagnostics: Diagnostic[] }> {
  const { layers, unreadable, unknownFlags, unknownVariables } = layersOf(sources);
  const checked = layers.map((layer) => ({ layer, ...checkTree(layer.tree, configTree, rulesOf(layer)) }));
  const tree = checked.reduce<Tree>((base, { sound }) => (isTree(sound) ? mergeTrees(base, sound, configTree) : base), {});
  const parsed = Config.safeParse(tree);
  const told = checked.flatMap(({ faults }) => faults.map(({ path }) => path));
  // What is missing may stand in the file that cannot be read.
  const together = unreadable.length > 0 ? [] : [...missingIn(parsed, tree, told), ...crossCheck(tree)];
  const faults = [
    ...checked.flatMap(({ layer, faults }) => faults.map((fault) => ({ fault, layer }))),
    ...together.map((fault) => ({ fault, layer: deciding(layers, fault.path) })),
  ];
  const diagnostics = [...unreadable, ...unknownFlags];
  for (const { fault, layer } of faults.slice(0, limits.configFaults)) diagnostics.push(await diagnosticOf(fault, layer));
  const unknownEnv = parsed.data?.validation.unknown_env ?? 'warn';
  if (unknownEnv === 'error') diagnostics.push(...unknownVariables.map((found): Diagnostic => ({ ...found, level: 'error' })));
  if (diagnostics.length > 0 || !parsed.success) return { diagnostics: diagnostics.toSorted(byPlace) };
  return { loaded: { config: deepFreeze(parsed.data), layers, tree, warnings: unknownEnv === 'warn' ? unknownVariables : [] } };
}

export function invalidConfig(diagnostics: readonly Diagnostic[]): Failure {
  const first = diagnostics[0];
  const where = [first?.path, first?.line].filter((part) => part !== undefined).join(':');
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
  const what = [first?.key, first?.message].filter(Boolean).join(': ');
  return new Failure('CONFIG_INVALID', `The configuration is wrong at ${where || 'its root'}: ${what}${more}.`, {
    details: { diagnostics: diagnostics.slice(0, limits.configFaults) },
  });
}

function layersOf({ user, project, snapshot, env = {}, flags = [] }: ConfigSources) {
  const unreadable: Diagnostic[] = [];
  const layers: Layer[] = [plainLayer('default', builtinConfig as Tree)];
  if (snapshot !== undefined) layers.push(plainLayer('snapshot', snapshot.tree, snapshot.path));
  for (const [name, file] of [
    ['user', user],
    ['project', project],
  ] as const) {
    if (file === undefined) continue;
    const layer = fileLayer(name, file);
    if ('problem' in layer) unreadable.push(layer.problem);
    else layers.push(layer);
  }
  const lower = layers.reduce<Tree>((base, layer) => mergeTrees(base, layer.tree, configTree), {});
  const variables = environmentLayer(env, lower);
  const set = flagLayer(flags);
  return {
    layers: [...layers, variables.layer, set.layer],
    unreadable,
    unknownFlags: set.unknown,
    unknownVariables: variables.unknown,
  };
}

/** A project's file comes with a repository that others wrote. */
function rulesOf({ name }: Layer): MayBeSet {
  if (name !== 'project') return () => undefined;
  return ({ projectSafe }) => (projectSafe ? undefined : "may not be set by the file of a project; set it in the user's file");
}

/** What only shows when all layers are together: keys that are nowhere. What a layer was blamed for is not told again. */
function missingIn(parsed: ReturnType<typeof Config.safeParse>, tree: Tree, told: readonly ConfigPath[]): Fault[] {
  const issues = parsed.error?.issues ?? [];
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (told.some((other) => path.every((part, index) => index >= other.length || other[index] === part))) return [];
    const node = nodeAt(path);
    return [faultOf(issue, path, valueAt(tree, path), node?.kind === 'key' && node.secret === true)];
  });
}

async function diagnosticOf({ path, message, expected, got, isName }: Fault, layer: Layer | undefined): Promise<Diagnostic> {
  const written = await layer?.written(path, isName ? 'name' : 'value');
  return {
    level: 'error',
    key: path.join('.').slice(0, limits.nameChars),
    message: message.slice(0, limits.errorMessageChars),
    ...written,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (a.path ?? '').localeCompare(b.path ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
