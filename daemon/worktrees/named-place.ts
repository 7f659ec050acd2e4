// Where a worktree goes whose command names the place.
import { isAbsolute, resolve } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { isWithin, withoutLinks } from '../tools/files.ts';

export interface NamedPlace {
  /** Where the project's worktrees are; a relative name is one inside of it. */
  readonly folder: string;
  readonly mainCheckout: string;
  readonly named: string;
}

/** The path without links. Never in the user's checkout, nor around it: what is removed with a worktree must not be theirs. */
export function namedPlace({ folder, mainCheckout, named }: NamedPlace): string {
  const asked = resolve(folder, named);
  if (!isAbsolute(named) && (asked === folder || !isWithin(asked, folder))) {
    throw refused(named, `leads out of "${folder}"; name a folder inside, or an absolute path`, 'outside');
  }
  const path = withoutLinks(asked);
  if (overlap(path, mainCheckout)) {
    throw refused(named, `overlaps with your checkout "${mainCheckout}"; name a place beside it`, 'main_checkout');
  }
  return path;
}

/** Is one of the two in the other, or are they the same? */
export function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

function refused(named: string, what: string, reason: string): Failure {
  return new Failure('PRECONDITION', `The path "${named}" of the worktree ${what}.`, {
    details: { reason: `path_${reason}`, path: named },
  });
}
