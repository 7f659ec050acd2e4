// Which untracked files of the main checkout a new worktree gets. Reads folders only where a pattern names something inside of one that
// git shows as a whole, so a node_modules costs nothing.
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CopyRule } from '../../schemas/copy-rule.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { OtherPath } from '../tools/git/others.ts';
import { ancestors, createMatcher, type Matcher, type PatternFile } from './ignore-patterns.ts';

/** One file, or a folder with all that is in it. */
export interface CopyItem {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly mode: CopyRule['mode'];
  /** The rule that asked for it; absent for .worktreeinclude. */
  readonly rule?: CopyRule;
}

interface Wanted {
  readonly matcher: Matcher;
  readonly rule?: CopyRule;
}

const includeFile = '.worktreeinclude';

/** Rules take any untracked file, .worktreeinclude only what git ignores; the first that wants a path decides how it comes. */
export async function planCopies(checkout: string, others: readonly OtherPath[], rules: readonly CopyRule[]): Promise<CopyItem[]> {
  const wanted: Wanted[] = rules.map((rule) => ({ matcher: createMatcher([{ base: '', text: rule.pattern }]), rule }));
  const includes = await readIncludes(checkout, others);
  if (includes.length > 0) wanted.push({ matcher: createMatcher(includes) });
  const items: CopyItem[] = [];
  let looked = 0;
  const look = async ({ path, isDirectory, ignored }: OtherPath): Promise<void> => {
    looked += 1;
    if (looked > limits.copyFiles) throw tooMany(checkout);
    const asking = wanted.filter(({ rule }) => ignored || rule !== undefined);
    const hit = asking.find(({ matcher }) => matcher.matches(path, isDirectory));
    if (hit) {
      items.push({ path, isDirectory, mode: hit.rule?.mode ?? 'copy', ...(hit.rule ? { rule: hit.rule } : {}) });
    } else if (isDirectory && asking.some(({ matcher }) => matcher.leadsInto(path))) {
      const children = await readdir(join(checkout, path), { withFileTypes: true });
      for (const child of children) await look({ path: `${path}/${child.name}`, isDirectory: child.isDirectory(), ignored });
    }
  };
  for (const other of others) await look(other);
  return items;
}

/** In the folders that hold anything untracked: elsewhere there is nothing it could mean. */
async function readIncludes(checkout: string, others: readonly OtherPath[]): Promise<PatternFile[]> {
  const folders = new Set(['', ...others.flatMap(({ path }) => ancestors(path))]);
  const found = await Promise.all(
    [...folders].map(async (base) => {
      const path = join(checkout, base, includeFile);
      const about = await lstat(path).catch(() => undefined);
      if (!about?.isFile() || about.size > limits.commandFileBytes) return [];
      return [{ base, text: await readFile(path, 'utf8') }];
    }),
  );
  return found.flat();
}

function tooMany(checkout: string): Failure {
  return new Failure(
    'LIMIT_EXCEEDED',
    `More than ${limits.copyFiles} untracked files of "${checkout}" would be looked at for a new worktree; narrow its copy patterns.`,
    { details: { limit: limits.copyFiles } },
  );
}
