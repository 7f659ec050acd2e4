import { Failure } from '../../schemas/errors.ts';
import { classify } from './classify.ts';

/** `full`: all did it. `degraded`: enough did, and the rest is told. `failed`: too few did. */
export interface MembersResult<M, T> {
  readonly outcome: 'full' | 'degraded' | 'failed';
  readonly done: readonly { readonly member: M; readonly value: T }[];
  readonly failed: readonly { readonly member: M; readonly error: unknown }[];
}

export interface MembersOptions {
  /** How many are enough. */
  readonly required: number;
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * k of n: does `work` for one member after another, then once more for those that failed, whatever failed them, and takes what there is.
 * A cancel ends all of it.
 */
export async function forMembers<M, T>(
  members: readonly M[],
  work: (member: M) => Promise<T>,
  { required, now, signal }: MembersOptions,
): Promise<MembersResult<M, T>> {
  const done: { member: M; value: T }[] = [];
  const round = async (wanted: readonly M[]): Promise<{ member: M; error: unknown }[]> => {
    const failed: { member: M; error: unknown }[] = [];
    for (const member of wanted) {
      if (signal?.aborted) throw new Failure('CANCELLED', `The work was cancelled when ${done.length} of ${members.length} were done.`);
      try {
        done.push({ member, value: await work(member) });
      } catch (error) {
        if (classify(error, now()).kind === 'cancelled') throw error;
        failed.push({ member, error });
      }
    }
    return failed;
  };
  const first = await round(members);
  const failed = await round(first.map(({ member }) => member));
  const outcome = failed.length === 0 ? 'full' : done.length >= required ? 'degraded' : 'failed';
  return { outcome, done, failed };
}
