// What a state machine is here: a table of legal changes, and one way to refuse the others.
import { Failure } from '../../schemas/errors.ts';

export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

/**
 * True when the change is to be made, false when it is made already. Throws INVALID_TRANSITION {from, to, allowed} for everything that
 * the table does not have.
 */
export function mayChange<S extends string>(table: Transitions<S>, what: string, from: S, to: S): boolean {
  if (from === to) return false;
  const allowed = table[from];
  if (allowed.includes(to)) return true;
  const next = allowed.length === 0 ? 'that is final' : `from there it goes to ${allowed.join(', ')}`;
  throw new Failure('INVALID_TRANSITION', `${what} is ${from}, so it can not become ${to}; ${next}.`, { details: { from, to, allowed } });
}
