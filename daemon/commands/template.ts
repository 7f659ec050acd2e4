// {{ name }} and {{ name | default('x') }}. A value is put in once and never read again as a template: what a caller passes stays data.
import { Failure } from '../../schemas/index.ts';
import { environmentText } from './arguments.ts';
import { suggestion } from './suggest.ts';

export interface TemplateLookup {
  /** undefined: there is no value. */
  get(name: string): unknown;
  /** Every name that is known, with a value or not: for suggestions. */
  names(): readonly string[];
}

export interface TemplateUse {
  readonly name: string;
  readonly fallback?: string;
}

/** Names that are known whatever the command is. */
export const templateVariables = [
  'project',
  'project_path',
  'branch',
  'worktree_path',
  'session_id',
  'session_name',
  'command_name',
  'artifact_dir',
  'tmux_session',
  'timestamp',
  'user',
] as const;
export type TemplateVariable = (typeof templateVariables)[number];

const use =
  /\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*(?:\|\s*default\(\s*(?:'([^']*)'|"([^"]*)"|(-?\d+(?:\.\d+)?|true|false))\s*\)\s*)?\}\}/y;

type Part = string | TemplateUse | { readonly malformed: string };

function parts(text: string): readonly Part[] {
  const found: Part[] = [];
  let from = 0;
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', from)) {
    found.push(text.slice(from, at));
    use.lastIndex = at;
    const match = use.exec(text);
    const fallback = match?.[2] ?? match?.[3] ?? match?.[4];
    if (match?.[1] === undefined) found.push({ malformed: text.slice(at, at + 40).split('\n', 1)[0] ?? '' });
    else found.push({ name: match[1], ...(fallback === undefined ? {} : { fallback }) });
    from = match ? use.lastIndex : at + 2;
  }
  found.push(text.slice(from));
  return found;
}

export function templateUses(text: string): readonly TemplateUse[] {
  return parts(text).filter((part): part is TemplateUse => typeof part !== 'string' && 'name' in part);
}

export function templateNames(text: string): readonly string[] {
  return [...new Set(templateUses(text).map(({ name }) => name))];
}

/** What is written wrongly, without looking at names. */
export function templateFaults(text: string): readonly string[] {
  return parts(text).flatMap((part) => (typeof part !== 'string' && 'malformed' in part ? [malformed(part.malformed)] : []));
}

function malformed(excerpt: string): string {
  return `"${excerpt}" is no template; write {{ name }} or {{ name | default('text') }}.`;
}

export function renderTemplate(text: string, lookup: TemplateLookup): string {
  const render = (part: Part): string => {
    if (typeof part === 'string') return part;
    if ('malformed' in part) throw new Failure('COMMAND_INVALID', malformed(part.malformed));
    const value = lookup.get(part.name) ?? part.fallback;
    if (value !== undefined) return environmentText(value);
    const known = lookup.names();
    const message = known.includes(part.name)
      ? `The variable "${part.name}" has no value here; give it one or write {{ ${part.name} | default('…') }}.`
      : unknownVariable(part.name, known);
    throw new Failure('COMMAND_INVALID', message, { details: { variable: part.name } });
  };
  return parts(text).map(render).join('');
}

/** Renders every text inside a value of step args. */
export function renderDeep(value: unknown, lookup: TemplateLookup): unknown {
  if (typeof value === 'string') return renderTemplate(value, lookup);
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderDeep(item, lookup)]));
}

export function unknownVariable(name: string, known: readonly string[]): string {
  return `No variable is named "${name}"${suggestion(name, known) || '.'}`;
}

interface LookupSource {
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Declared arguments, so that one without a value is told from an unknown one. */
  readonly declared?: readonly string[];
  readonly variables?: Partial<Readonly<Record<TemplateVariable, string>>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly steps?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Arguments win over the variables of the session: a command that declares `branch` means its own. */
export function createLookup(source: LookupSource): TemplateLookup {
  const { arguments: values = {}, declared = [], variables = {}, data = {}, steps = {} } = source;
  const own = (from: Readonly<Record<string, unknown>>, key: string) => (Object.hasOwn(from, key) ? from[key] : undefined);
  return {
    get(name) {
      const [head = '', ...rest] = name.split('.');
      if (rest.length === 0) return declared.includes(name) ? own(values, name) : (own(values, name) ?? own(variables, name));
      if (head === 'data') return own(data, rest.join('.')) ?? walk(data, rest);
      return head === 'steps' ? walk(steps, rest) : undefined;
    },
    names: () => [
      ...new Set([...declared, ...Object.keys(values), ...templateVariables]),
      ...Object.keys(data).map((key) => `data.${key}`),
      ...Object.entries(steps).flatMap(([id, fields]) => Object.keys(fields).map((field) => `steps.${id}.${field}`)),
    ],
  };
}

function walk(from: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined),
    from,
  );
}
