// What a revision is made of. For use inside a transaction.
import { createHash } from 'node:crypto';
import { Failure } from '../../schemas/errors.ts';
import type { ParsedPlan } from '../../schemas/plan.ts';
import type { Revision } from '../../schemas/spec-task.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Writer } from '../store/store.ts';
import type { RevisionRecord } from '../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

export type Documents = Pick<Revision, 'requirements' | 'design' | 'plan'>;

export interface NewRevision extends Documents {
  readonly source: Revision['source'];
  readonly commit?: string | undefined;
}

/** Throws PLAN_INVALID when a diagnostic is an error. */
export function assertPlan(parsed: ParsedPlan): ParsedPlan {
  const errors = parsed.diagnostics.filter(({ level }) => level === 'error');
  const first = errors[0];
  if (!first) return parsed;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new Failure(
    'PLAN_INVALID',
    `The plan is wrong in line ${first.line}: ${first.code.replaceAll('_', ' ')} ${first.message}${more}.`,
    {
      details: { diagnostics: parsed.diagnostics },
    },
  );
}

/** The next revision, which nobody changes any more. */
export function insertRevision(
  { ids, clock }: { readonly ids: Ids; readonly clock: Clock },
  w: Writer,
  task: SpecTaskRecord,
  documents: NewRevision,
  status: RevisionRecord['status'],
): RevisionRecord {
  const { requirements, design, plan, source, commit } = documents;
  const record: RevisionRecord = {
    ...{ id: ids.next('rev'), specTaskId: task.id, number: task.revision + 1, requirements, design, plan, source, status },
    ...{ sha256: digest(documents), approvals: [], createdAt: clock.now() },
    ...(commit === undefined ? {} : { commit }),
  };
  w.reviews.insertRevision(record);
  return record;
}

export function digest({ requirements, design, plan }: Documents): string {
  return createHash('sha256')
    .update(JSON.stringify([requirements, design, plan]))
    .digest('hex');
}
