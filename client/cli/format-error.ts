import { isFailure } from '../../schemas/errors.ts';
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import { printable } from './text.ts';

export interface Place {
  readonly level?: string | undefined;
  readonly message?: string | undefined;
  readonly path?: string | readonly (string | number)[] | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly key?: string | undefined;
}

/** An error as it goes to stderr: one sentence, then a line for each place that a file or parameter is wrong, or for each thing at risk. */
export function formatError(error: unknown): string {
  if (!isFailure(error)) return `coppice: ${printable(error instanceof Error ? error.message : String(error))}`;
  const details = error.details ?? {};
  const lines = [`coppice: ${printable(error.message)}${hint(error.message, details)}`];
  for (const place of placesOf(details.diagnostics)) {
    const text = formatDiagnostic(place);
    if (!error.message.includes(formatDiagnostic({ ...place, key: undefined }))) lines.push(printable(text));
  }
  for (const issue of placesOf(details.issues)) {
    const text = formatIssue(issue);
    if (!error.message.includes(issue.message ?? text)) lines.push(printable(text));
  }
  if (error.kind === 'WORK_AT_RISK') lines.push(...riskLines(details).map(printable));
  return lines.join('\n');
}

/** `file:line:column: message`, as compilers write it, so that editors can jump there. */
export function formatDiagnostic(place: Place): string {
  const where = [place.path, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':');
  const level = place.level === 'warning' ? 'warning: ' : '';
  const key = place.key && !place.message?.includes(place.key) ? ` (${place.key})` : '';
  return `${where}${where && ': '}${level}${place.message ?? 'is wrong'}${key}`;
}

function formatIssue(issue: Place): string {
  const path = Array.isArray(issue.path) ? issue.path.join('.') : issue.path;
  return `  ${path ? `${path}: ` : ''}${issue.message ?? 'is wrong'}`;
}

const risksShown = 20;

function riskLines({ paths = [], commits = [], processes = [] }: Partial<WorkAtRisk>): string[] {
  const all = [
    ...paths.map((path) => `  path ${path}`),
    ...commits.map(({ commit, subject }) => `  commit ${commit.slice(0, 10)} ${subject}`),
    ...processes.map(({ pid, command }) => `  process ${pid} ${command}`),
  ];
  return all.length <= risksShown ? all : [...all.slice(0, risksShown), `  and ${all.length - risksShown} more`];
}

function hint(message: string, details: Readonly<Record<string, unknown>>): string {
  const names = strings(details.suggestions).filter((name) => !message.includes(name));
  const parts: string[] = [];
  if (names.length > 0) parts.push(`Did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`);
  for (const advice of [details.upgrade, details.remedy, details.fix]) {
    if (typeof advice === 'string' && !message.includes(advice)) parts.push(advice);
  }
  return parts.length === 0 ? '' : ` ${printable(parts.join(' '))}`;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string').slice(0, 3) : [];
}

function placesOf(value: unknown): Place[] {
  return Array.isArray(value) ? value.filter((item): item is Place => typeof item === 'object' && item !== null) : [];
}
