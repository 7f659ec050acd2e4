import type { WorkSession } from '../../schemas/index.ts';
import type { Output } from './output.ts';
import { oneLine } from './text.ts';

/** What became of a work session, after something was done with it. */
export function tellWork(out: Output, workSession: WorkSession): void {
  if (out.json) out.document(workSession);
  else out.line(`${workSession.id} ${statusText(workSession)}: ${oneLine(workSession.name)}`);
}

/** `active (verifying)`, `blocked (merge conflict)`. */
export function statusText({ status, stage, blockedReason }: Pick<WorkSession, 'status' | 'stage' | 'blockedReason'>): string {
  const more = blockedReason ?? stage;
  return more === undefined ? status : `${status} (${more.replaceAll('_', ' ')})`;
}
