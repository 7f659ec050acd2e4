import type { HandlersOf } from '../server/connection.ts';
import { parsePlan } from '../spec-tasks/plan/parse-plan.ts';

export function specTaskHandlers(): Partial<HandlersOf<'specTask'>> {
  return {
    'specTask.parsePlan': ({ text, strict }) => parsePlan(text, { strict }),
  };
}
