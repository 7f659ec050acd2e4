import type { Diagnostic } from '../../schemas/index.ts';

export type KeyPath = readonly (string | number)[];

/** Where a file says something; `atKey` is the key itself rather than its value. */
export type Locate = (path: KeyPath, atKey?: boolean) => { readonly line: number; readonly column: number };

/** More than this many problems of one file help nobody. */
const problemsPerFile = 100;

/** Collects everything that is wrong with one file. */
export interface Problems {
  readonly diagnostics: readonly Diagnostic[];
  /** A message that takes work is a function, called only while there is room. */
  add(problem: { path: KeyPath; message: string | (() => string); atKey?: boolean; level?: Diagnostic['level'] }): void;
  addAt(problem: { line: number; column: number; message: string }): void;
}

export function createProblems(locate: Locate, filePath?: string): Problems {
  const diagnostics: Diagnostic[] = [];
  const push = (make: () => Diagnostic) => {
    if (diagnostics.length > problemsPerFile) return;
    const made = make();
    const isLast = diagnostics.length === problemsPerFile;
    const message = isLast ? `There are more problems; the first ${problemsPerFile} are shown.` : made.message;
    const level = isLast ? 'error' : made.level;
    diagnostics.push({ ...made, level, message, ...(filePath === undefined ? {} : { path: filePath }) });
  };
  return {
    diagnostics,
    add: ({ path, message, atKey = false, level = 'error' }) =>
      push(() => ({
        level,
        message: typeof message === 'string' ? message : message(),
        ...locate(path, atKey),
        ...(path.length === 0 ? {} : { key: keyText(path) }),
      })),
    addAt: ({ line, column, message }) => push(() => ({ level: 'error', message, line, column })),
  };
}

export function isBroken(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.level === 'error');
}

/** steps[2].timeout */
export function keyText(path: KeyPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}
