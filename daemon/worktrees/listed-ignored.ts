// Ignored files that count as work: those that a new worktree gets (.worktreeinclude, the configured list), and those that coppice hid
// itself. A node_modules is not entered for them.
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CopyRule } from '../../schemas/copy-rule.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Git } from '../tools/git/git.ts';
import { createMatcher, type Matcher } from './ignore-patterns.ts';

const includeFile = '.worktreeinclude';

export interface ListedDeps {
  readonly git: Git;
  readonly copyRules: () => readonly CopyRule[];
}

/** Paths of single files and links, relative to the worktree. */
export async function listedIgnored({ git, copyRules }: ListedDeps, projectPath: string, worktreePath: string): Promise<string[]> {
  const texts = await Promise.all([
    textOf(join(projectPath, includeFile)),
    textOf(join(worktreePath, includeFile)),
    git.hiddenPatterns(worktreePath),
  ]);
  const matchers = [
    copyRules()
      .map(({ pattern }) => pattern)
      .join('\n'),
    ...texts,
  ]
    .filter((text) => text.trim() !== '')
    .map((text) => createMatcher([{ base: '', text }]));
  const others = await git.otherPaths({ mainCheckout: worktreePath });
  const search = createSearch(worktreePath, matchers);
  for (const { path, isDirectory, ignored } of others) if (ignored) await search.look(path, isDirectory);
  return search.found;
}

function createSearch(worktreePath: string, matchers: readonly Matcher[]) {
  const found: string[] = [];
  let looked = 0;
  const count = (): void => {
    looked += 1;
    if (looked <= limits.copyFiles) return;
    throw new Failure(
      'LIMIT_EXCEEDED',
      `More than ${limits.copyFiles} listed ignored files of "${worktreePath}" would be saved; narrow the list.`,
      {
        details: { limit: limits.copyFiles },
      },
    );
  };
  const takeAll = async (path: string): Promise<void> => {
    count();
    const about = await lstat(join(worktreePath, path)).catch(() => undefined);
    if (about?.isFile() || about?.isSymbolicLink()) found.push(path);
    if (about?.isDirectory()) for (const name of await readdir(join(worktreePath, path))) await takeAll(`${path}/${name}`);
  };
  const look = async (path: string, isDirectory: boolean): Promise<void> => {
    count();
    if (matchers.some((matcher) => matcher.matches(path, isDirectory))) return takeAll(path);
    if (!isDirectory || !matchers.some((matcher) => matcher.leadsInto(path))) return;
    for (const child of await readdir(join(worktreePath, path), { withFileTypes: true })) {
      await look(`${path}/${child.name}`, child.isDirectory());
    }
  };
  return { found, look };
}

async function textOf(path: string): Promise<string> {
  const about = await lstat(path).catch(() => undefined);
  return about?.isFile() && about.size <= limits.commandFileBytes ? readFile(path, 'utf8') : '';
}
