// Holds rules against sources. A rule that looks at nothing, and a place that is allowed what it does not do, are problems too: both
// mean that the rule has lost what it was about.
import type { SourceFile } from '../../helpers/source-files.ts';
import type { Finder } from './find.ts';

export interface Example {
  readonly path: string;
  readonly text: string;
}

export interface Rule {
  readonly id: string;
  /** What holds, for whoever breaks it. */
  readonly says: string;
  /** Beginnings of the paths of the files that it is about. */
  readonly looksAt: readonly string[];
  /** Beginnings of the paths where it is right; each of them has at least one. */
  readonly allowed: readonly string[];
  readonly finds: Finder;
  /** A file each line of which breaks it, and one that only looks so: the same words where they mean something else. */
  readonly broken: Example;
  readonly lookAlike: Example;
}

export interface Problem {
  readonly rule: string;
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

export function check(rules: readonly Rule[], files: readonly SourceFile[]): Problem[] {
  return rules.flatMap((rule) => {
    const { id, says, looksAt, allowed, finds } = rule;
    const seen = files.filter(({ path }) => startsWithOne(path, looksAt));
    if (seen.length === 0) return [{ rule: id, path: looksAt.join(', '), message: 'no file is there to look at; correct looksAt' }];
    const findings = seen.flatMap((file) => finds(file, files).map((finding) => ({ ...finding, path: file.path })));
    const unused = allowed.filter((place) => !findings.some(({ path }) => path.startsWith(place)));
    return [
      ...findings
        .filter(({ path }) => !startsWithOne(path, allowed))
        .map(({ path, line, what }) => ({ rule: id, path, line, message: `${what}. ${says}` })),
      ...unused.map((place) => ({ rule: id, path: place, message: 'is allowed what it does not do; take it off the list' })),
    ];
  });
}

export function problemText({ rule, path, line, message }: Problem): string {
  return `${path}${line === undefined ? '' : `:${line}`} [${rule}] ${message}`;
}

function startsWithOne(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => path.startsWith(beginning));
}
