// Layers of configuration, least first: defaults, the user's file, COPPICE_SECTION__KEY variables, flags.
import { parse, TomlError } from 'smol-toml';
import { nearest } from '../../rpc/nearest.ts';
import { Config } from '../../schemas/config.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { keysOf } from './sections.ts';
import { lineOf } from './toml-lines.ts';

export interface ConfigSources {
  /** Text of the user's file, with its path; absent when there is none. */
  readonly file?: { readonly path: string; readonly text: string };
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Tree = { [key: string]: unknown };

/** Reads all layers, or throws CONFIG_INVALID with every place that is wrong. */
export function loadConfig({ file, env }: ConfigSources): { config: Config; warnings: Diagnostic[] } {
  const fromFile = file ? parseFile(file) : {};
  const { tree: fromEnv, warnings } = parseEnvironment(env);
  const parsed = Config.safeParse(merge(fromFile, fromEnv));
  if (parsed.success) return { config: deepFreeze(parsed.data), warnings };
  throw invalid(
    parsed.error.issues.flatMap((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
      return unknown.map((key) => toDiagnostic(file, fromEnv, key === undefined ? issue.path : [...issue.path, key], describe(issue, key)));
    }),
  );
}

/** The variable of a key: `COPPICE_HOT_RELOAD__DEBOUNCE_MS`. */
export function variableOf(path: readonly string[]): string {
  return `COPPICE_${path.join('__').toUpperCase()}`;
}

function parseFile({ path, text }: { path: string; text: string }): Tree {
  try {
    return parse(text) as Tree;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? 'is not TOML';
    throw invalid([{ level: 'error', path, line: error.line, column: error.column, message }]);
  }
}

/** Names of the form COPPICE_SECTION__KEY; the others (COPPICE_HOME, COPPICE_TOKEN, …) are no configuration. */
function parseEnvironment(env: ConfigSources['env']): { tree: Tree; warnings: Diagnostic[] } {
  const tree: Tree = {};
  const warnings: Diagnostic[] = [];
  const known = new Map(keyPaths().map((path) => [variableOf(path), path]));
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith('COPPICE_') || !name.includes('__')) continue;
    const path = known.get(name);
    if (!path) {
      const near = nearest(name, [...known.keys()]).slice(0, 3);
      const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : '.';
      warnings.push({ level: 'warning', key: name, message: `The variable "${name}" names no configuration key${hint}` });
      continue;
    }
    const [section, key] = path as [string, string];
    tree[section] = { ...(tree[section] as Tree | undefined), [key]: parseValue(value) };
  }
  return { tree, warnings };
}

/** A TOML value where the text is one (numbers, booleans, arrays), else the text itself. */
function parseValue(text: string): unknown {
  try {
    return parse(`value = ${text}`).value;
  } catch {
    return text;
  }
}

function keyPaths(): string[][] {
  return Object.keys(Config.shape).flatMap((section) => Object.keys(keysOf(section)).map((key) => [section, key]));
}

function merge(base: Tree, over: Tree): Tree {
  const sections = Object.entries(over).map(([name, table]) => [name, mergeTable(base[name], table as Tree)]);
  return { ...base, ...Object.fromEntries(sections) };
}

/** What should be a table and is none stays, so that it is told. */
function mergeTable(base: unknown, over: Tree): unknown {
  return base === undefined || isTree(base) ? { ...base, ...over } : base;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function describe(issue: { message: string; path: PropertyKey[] }, unknownKey: string | undefined): string {
  if (unknownKey === undefined) return issue.message;
  const siblings =
    issue.path.length === 0
      ? Object.keys(Config.shape)
      : keyPaths()
          .filter(([section]) => section === issue.path[0])
          .map(([, key]) => key as string);
  const near = nearest(unknownKey, siblings)[0];
  return `unknown key "${unknownKey}"${near ? `; did you mean "${near}"?` : ''}`;
}

function toDiagnostic(file: ConfigSources['file'], fromEnv: Tree, path: PropertyKey[], message: string): Diagnostic {
  const key = path.map(String).join('.');
  const [section, name] = path.map(String);
  const table = section === undefined ? undefined : (fromEnv[section] as Tree | undefined);
  if (section !== undefined && name !== undefined && table && name in table) {
    return { level: 'error', key, path: variableOf([section, name]), message };
  }
  const line =
    file &&
    lineOf(
      file.text,
      path.filter((part) => typeof part !== 'symbol'),
    );
  return { level: 'error', key, message, ...(file ? { path: file.path } : {}), ...(line === undefined ? {} : { line }) };
}

function invalid(diagnostics: readonly Diagnostic[]): Failure {
  const first = diagnostics[0];
  const where = [first?.path, first?.line].filter((part) => part !== undefined).join(':');
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
  return new Failure(
    'CONFIG_INVALID',
    `The configuration is wrong at ${where || 'its root'}: ${[first?.key, first?.message].filter(Boolean).join(': ')}${more}.`,
    {
      details: { diagnostics },
    },
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
