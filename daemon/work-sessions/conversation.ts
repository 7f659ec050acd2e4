import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';

/** Nobody wrote down what it is to do: its turns come from people, and it is complete when one of them says so. */
export function isConversation({ kind, prompt }: Pick<WorkSessionRecord, 'kind' | 'prompt'>): boolean {
  return kind === 'ad_hoc' && prompt === '';
}
