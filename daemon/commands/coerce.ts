import type { CommandArgument } from '../../schemas/index.ts';

export type ArgumentType = CommandArgument['type'];
export type ArgumentValue = string | number | boolean | readonly string[];

type Coerced = { readonly value: string | number | boolean | string[] } | { readonly problem: string };

const booleanWords = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['no', false],
]);

/** A value as its declared type, or what the type wants instead. Text from a command line and typed values over RPC both come here. */
export function coerce(type: ArgumentType, given: unknown): Coerced {
  switch (type) {
    case 'string':
      return text(given, 'must be text');
    case 'path': {
      const path = text(given, 'must be a path');
      return 'value' in path && path.value === '' ? { problem: 'must not be an empty path' } : path;
    }
    case 'integer':
      return integer(given);
    case 'number':
      return number(given);
    case 'boolean': {
      const value = typeof given === 'boolean' ? given : booleanWords.get(String(given).trim().toLowerCase());
      return value === undefined ? { problem: 'must be true or false (or 1, 0, yes, no)' } : { value };
    }
    case 'list':
      return list(given);
  }
}

function text(given: unknown, problem: string): Coerced {
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean') return { problem };
  const value = String(given);
  // The value becomes an environment variable, and those cannot hold one.
  return value.includes('\0') ? { problem: 'must not contain a NUL character' } : { value };
}

function integer(given: unknown): Coerced {
  const value = typeof given === 'string' && /^\s*[+-]?\d+\s*$/.test(given) ? Number(given) : given;
  return Number.isSafeInteger(value) ? { value: Number(value) } : { problem: 'must be a whole number' };
}

function number(given: unknown): Coerced {
  const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
  const value = typeof given === 'string' && decimal.test(given) ? Number(given) : given;
  return typeof value === 'number' && Number.isFinite(value) ? { value } : { problem: 'must be a number' };
}

function list(given: unknown): Coerced {
  const problem = 'must be a list of texts, or one text with commas';
  if (Array.isArray(given)) {
    const items = given.map((item) => text(item, problem));
    return items.every((item) => 'value' in item) ? { value: items.map((item) => String(item.value)) } : { problem };
  }
  const whole = text(given, problem);
  if ('problem' in whole) return whole;
  const items = String(whole.value).split(',');
  return { value: items.map((item) => item.trim()).filter((item) => item !== '') };
}

/** What is wrong with a value of the right type, when there are choices. */
export function choiceProblem(value: ArgumentValue, choices: readonly ArgumentValue[] | undefined): string | undefined {
  if (choices === undefined) return undefined;
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (chosen.every((item) => choices.some((choice) => choice === item))) return undefined;
  return `must be one of ${choices.join(', ')}`;
}
