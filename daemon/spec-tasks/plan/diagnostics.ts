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

/** Keeps so many of a code and counts the rest, so that no kind of problem hides another. */
export function createDiagnostics(): Diagnostics {
  const kept: PlanDiagnostic[] = [];
  const counts = new Map<PlanCode, number>();
  const last = new Map<PlanCode, PlanDiagnostic>();
  const add = (level: PlanDiagnostic['level'], code: PlanCode, line: number, message: string) => {
    const diagnostic: PlanDiagnostic = { level, code, line, message: squeezed(message, messageChars) };
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    last.set(code, diagnostic);
    if (count <= limits.planDiagnosticsPerCode) kept.push(diagnostic);
  };
  const more = ([code, { level, line }]: [PlanCode, PlanDiagnostic]): PlanDiagnostic[] => {
    const hidden = (counts.get(code) ?? 0) - limits.planDiagnosticsPerCode;
    return hidden > 0 ? [{ level, code: 'more_diagnostics', line, message: `${hidden} more of ${code}` }] : [];
  };
  return {
    error: (code, line, message) => add('error', code, line, message),
    warning: (code, line, message) => add('warning', code, line, message),
    sorted: () => [...kept, ...[...last].flatMap(more)].toSorted((a, b) => a.line - b.line),
  };
}
