import { nearest } from '../../rpc/nearest.ts';

/** `; did you mean "x"?`, or nothing when no candidate is near. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const best = nearest(name, candidates)[0];
  return best === undefined ? '' : `; did you mean "${best}"?`;
}
