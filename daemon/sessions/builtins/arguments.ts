// Reading the `args` of a builtin step: each is wrong in its own words, before anything happens.
import { Failure } from '../../../schemas/errors.ts';

type Args = Readonly<Record<string, unknown>>;

export function textArg(args: Args, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrong(name, 'must be text');
}

export function numberArg(args: Args, name: string, least: number, most: number): number | undefined {
  const value = args[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && number >= least && number <= most) return number;
  throw wrong(name, `must be a number from ${least} to ${most}`);
}

export function booleanArg(args: Args, name: string, fallback: boolean): boolean {
  const value = args[name];
  if (value === undefined || value === null) return fallback;
  if (value === true || value === 'true' || value === 'yes') return true;
  if (value === false || value === 'false' || value === 'no') return false;
  throw wrong(name, 'must be true or false');
}

export function wrong(name: string, what: string): Failure {
  return new Failure('INVALID_PARAMS', `The argument "${name}" of the step ${what}.`, {
    details: { issues: [{ path: ['args', name], message: what }] },
  });
}
