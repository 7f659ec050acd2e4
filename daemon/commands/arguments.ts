import { type CommandArgument, Failure, limits } from '../../schemas/index.ts';
import { type ArgumentValue, choiceProblem, coerce } from './coerce.ts';
import { suggestion } from './suggest.ts';

export type ArgumentValues = Readonly<Record<string, ArgumentValue>>;

/** Stands where a secret value is not shown. */
export const maskedValue = '***';

interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Coerces, fills in defaults and checks; throws INVALID_PARAMS with every problem at once. An argument without a value is left out. */
export function resolveArguments(
  declared: readonly CommandArgument[],
  given: Readonly<Record<string, unknown>>,
): { readonly values: ArgumentValues; readonly masked: ArgumentValues } {
  const issues: Issue[] = [];
  const names = declared.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  for (const name of unknown.slice(0, limits.argumentsPerCommand)) {
    const hint = suggestion(name, names) || (names.length === 0 ? '; it takes none.' : `; it takes ${names.join(', ')}.`);
    issues.push({ path: argumentPath(name), message: `The command has no argument "${name}"${hint}` });
  }
  const values: [string, ArgumentValue][] = [];
  for (const argument of declared) {
    const found = argumentValue(argument, Object.hasOwn(given, argument.name) ? given[argument.name] : undefined);
    if (typeof found === 'object' && 'problem' in found) issues.push({ path: argumentPath(argument.name), message: found.problem });
    else if (found !== undefined) values.push([argument.name, found.value]);
  }
  if (issues.length > 0) {
    throw new Failure('INVALID_PARAMS', issues.map(({ message }) => message).join(' '), { details: { issues } });
  }
  const secret = new Set(declared.filter((argument) => argument.secret).map(({ name }) => name));
  const masked = values.map(([name, value]) => [name, secret.has(name) ? maskedValue : value] as const);
  return { values: Object.fromEntries(values), masked: Object.fromEntries(masked) };
}

const argumentPath = (name: string) => `arguments.${name}`;

function argumentValue(argument: CommandArgument, given: unknown): { value: ArgumentValue } | { problem: string } | undefined {
  const { name, type, choices, required, secret } = argument;
  if (given === undefined || given === null) {
    if (argument.default !== undefined) return { value: argument.default };
    return required ? { problem: `The argument "${name}" (${type}) is required.` } : undefined;
  }
  const coerced = coerce(type, given);
  if ('problem' in coerced) return { problem: `The argument "${name}" ${coerced.problem}${secret ? '' : `, not ${shown(given)}`}.` };
  if (Buffer.byteLength(JSON.stringify(coerced.value)) > limits.argumentBytes) {
    return { problem: `The argument "${name}" is longer than ${limits.argumentBytes} bytes.` };
  }
  const problem = choiceProblem(coerced.value, choices);
  if (problem === undefined) return coerced;
  return { problem: `The argument "${name}" ${secret ? 'is none of its choices' : `${problem}, not ${shown(given)}`}.` };
}

function shown(given: unknown): string {
  const text = JSON.stringify(given) ?? 'that';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The arguments for others to see: a secret one may have its value in the file, and keeps it there. */
export function shownArguments(declared: readonly CommandArgument[]): CommandArgument[] {
  return declared.map((argument) => {
    const { default: _1, choices: _2, ...rest } = argument;
    return argument.secret ? rest : argument;
  });
}

/** `feature-name` -> `COPPICE_ARG_FEATURE_NAME` */
export function argumentVariable(name: string): string {
  return `COPPICE_ARG_${name.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase()}`;
}

/**
 * The values as environment variables: the only way they reach a shell. Declared arguments without a value become empty, so that scripts
 * under `set -u` can ask for them.
 */
export function argumentEnvironment(values: ArgumentValues, declared: readonly CommandArgument[] = []): Readonly<Record<string, string>> {
  const empty = declared.map(({ name }) => [argumentVariable(name), ''] as const);
  const set = Object.entries(values).map(([name, value]) => [argumentVariable(name), environmentText(value)] as const);
  return Object.fromEntries([...empty, ...set]);
}

/** Any value as the text of an environment variable: scalars plainly, the rest as JSON. */
export function environmentText(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? '';
}
