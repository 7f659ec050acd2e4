import { limits } from '../../../schemas/limits.ts';
import type { PlanCode, PlanDiagnostic } from '../../../schemas/plan.ts';
import { squeezed } from './text.ts';

const messageChars = 300;

export interface Diagnostics {
  error(code: PlanCode, line: number, message: string): void;
  warning(code: PlanCode, line: number, message: string): void;
  /** By line; what was found first on a line stands first. */
  sorted(): PlanDiagnostic[];
}

/** Keeps so many of a level and counts the rest, so that errors are never hidden behind warnings. */
export function createDiagnostics(): Diagnostics {
  const kept: PlanDiagnostic[] = [];
  const counts = { error: 0, warning: 0 };
  const add = (level: PlanDiagnostic['level'], code: PlanCode, line: number, message: string) => {
    counts[level] += 1;
    if (counts[level] <= limits.planDiagnosticsPerLevel) kept.push({ level, code, line, message: squeezed(message, messageChars) });
  };
  return {
    error: (code, line, message) => add('error', code, line, message),
    warning: (code, line, message) => add('warning', code, line, message),
    sorted() {
      const sorted = kept.toSorted((a, b) => a.line - b.line);
      const line = sorted.at(-1)?.line ?? 1;
      const more = (['error', 'warning'] as const).flatMap((level): PlanDiagnostic[] => {
        const hidden = counts[level] - limits.planDiagnosticsPerLevel;
        return hidden > 0 ? [{ level, code: 'more_diagnostics', line, message: `${hidden} more of level ${level}` }] : [];
      });
      return [...sorted, ...more];
    },
  };
}
