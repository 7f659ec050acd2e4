import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ownBranch } from '../../daemon/commands/branch.ts';
import { logPathOf, slug } from '../../daemon/sessions/paths.ts';
import { branchOfItem, branchOfSpawned, branchPrefixOf } from '../../daemon/spec-tasks/branches.ts';
import { keyOf } from '../../daemon/spec-tasks/plan/key.ts';
import { slugOf } from '../../daemon/worktrees/slug.ts';
import { isFailure } from '../../schemas/errors.ts';
import { PlanBlockTask } from '../../schemas/plan.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { oddWords } from './json-text.ts';
import { fuzzTarget } from './target.ts';
import { isWellFormed } from './well-formed.ts';

const run = promisify(execFile);

/** What names of branches are made of, and what git, a file system or a shell takes for something else. */
const pieces = [
  ...[
    'a',
    'B',
    'feature',
    'fix',
    '1',
    'v1.2',
    'x'.repeat(60),
    'ä',
    'é',
    'ß',
    'İ',
    'K',
    'ﬁ',
    '日本',
    '💥',
    '_',
    '-',
    '--',
    '.',
    '..',
    '/',
    '//',
  ],
  ...[
    '.lock',
    '.git',
    '@',
    '@{',
    '@{-1}',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    'HEAD',
    'refs/heads/',
    'con',
    'integration',
    '.merges',
    '.scratch-',
  ],
  ...oddWords,
];
const name = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
);
const filled = name.filter((text) => text.length > 0 && text.length <= 255);
const label = fc
  .oneof(
    fc.array(fc.constantFrom('a', 'A', '1', '2', 's1', 'T003', '.', '-', '_', 'b', 'lock'), { minLength: 1, maxLength: 6 }),
    fc.array(fc.constantFrom('1', '2', '.'), { minLength: 1, maxLength: 4 }),
  )
  .map((parts) => parts.join('').slice(0, 32))
  .filter((text) => PlanBlockTask.shape.label.safeParse(text).success);

const root = '/srv/worktrees';

async function open() {
  const repo = await createTestRepo();
  const daemon = await startRealDaemon();
  const project = await daemon.client.project.add({ path: repo.path });
  return {
    repo,
    daemon,
    project: project.id,
    worktrees: join(daemon.home.worktreesDir, 'repo'),
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}
type Stand = Awaited<ReturnType<typeof open>>;

export const namesTarget = fuzzTarget<Stand>(
  'names',
  [
    {
      says: 'every branch has a slug that is one safe part of a path, the same each time',
      runs: 20_000,
      of: () =>
        fc.property(name, fc.boolean(), (branch, plainTaken) => {
          const taken = plainTaken ? (one: string) => !/-[0-9a-f]{8}$/.test(one) : () => false;
          const made = slugOf(branch, taken);
          check(made, /^(?=.{1,60}$)(?!.*\.\.)[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/.test(made), 'is one safe part of a path');
          check(made, dirname(resolve(join(root, made))) === root, 'lies in its folder');
          check(made, slugOf(branch, taken) === made, 'is the same again');
          check(slug(branch), /^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/.test(slug(branch)), 'is a safe part of the path of a log');
          check(branch, dirname(logPathOf(root, 1, branch)) === join(root, 'logs'), 'has its log in the folder of logs');
        }),
    },
    {
      says: 'branches that live together have slugs of their own, also where case does not count',
      runs: 2_000,
      of: () =>
        fc.property(fc.uniqueArray(name, { maxLength: 40 }), (branches) => {
          const slugs = new Set<string>();
          for (const branch of branches) slugs.add(slugOf(branch, (one) => slugs.has(one)));
          check(JSON.stringify(branches), slugs.size === branches.length, 'have as many slugs');
          check(JSON.stringify([...slugs]), new Set([...slugs].map((one) => one.toLowerCase())).size === slugs.size, 'differ without case');
        }),
    },
    {
      says: 'what the daemon names a branch by itself is a branch to git',
      runs: 150,
      of: ({ repo }) =>
        fc.asyncProperty(filled, fc.integer({ min: 1, max: 99_999 }), label, async (text, number, itemLabel) => {
          const prefix = branchPrefixOf(number, text);
          const command =
            text
              .toLowerCase()
              .replace(/[^a-z0-9._-]/g, '')
              .replace(/^[._-]+/, '') || 'x';
          const branches = [
            `${prefix}/integration`,
            branchOfItem(prefix, { label: itemLabel, key: keyOf(text) }),
            branchOfSpawned(prefix, number, text),
            ownBranch(command, new Date(0)),
          ];
          for (const branch of branches) check(branch, await isBranchName(repo.path, branch), 'is a branch to git');
        }),
    },
    {
      says: 'no two items of a plan have one branch, nor one that stands in the way of another',
      runs: 3_000,
      of: () =>
        fc.property(
          fc.uniqueArray(fc.tuple(label, filled), { maxLength: 8, selector: ([one]) => one.toLowerCase() }),
          filled,
          (items, spawned) => {
            const prefix = branchPrefixOf(1, 'x');
            const branches = [
              `${prefix}/integration`,
              branchOfSpawned(prefix, 1, spawned),
              ...items.map(([one, title]) => branchOfItem(prefix, { label: one, key: keyOf(title) })),
            ];
            check(
              JSON.stringify(branches),
              new Set(branches.map((one) => one.toLowerCase())).size === branches.length,
              'are all different',
            );
            const isIn = (one: string, other: string): boolean => one.startsWith(`${other}/`);
            check(JSON.stringify(branches), !branches.some((one) => branches.some((other) => isIn(one, other))), 'hold none of the others');
          },
        ),
    },
    {
      says: 'a worktree is made for every branch that git takes, in the folder of its project, and for no other',
      runs: 60,
      of: (stand) => fc.asyncProperty(filled, (branch) => makes(stand, branch)),
    },
  ],
  open,
);

async function makes({ daemon, repo, project, worktrees }: Stand, branch: string): Promise<void> {
  const isGood =
    isWellFormed(branch) && branch.split('/').every((part) => Buffer.byteLength(part) <= 250) && (await isBranchName(repo.path, branch));
  const made = await daemon.client.worktree.create({ project, branch }).catch((error: unknown) => error);
  if (isFailure(made)) {
    check(
      JSON.stringify(branch),
      !isGood && ['INVALID_PARAMS', 'PARSE_ERROR'].includes(made.kind),
      `is refused only when git refuses it, not as ${made.kind}: ${made.message}`,
    );
    return;
  }
  if (made instanceof Error) throw made;
  const { id, path } = made as { id: string; path: string };
  check(JSON.stringify(branch), isGood, 'is refused when git refuses it');
  check(path, dirname(path) === worktrees && existsSync(join(path, '.git')), 'is a checkout in the folder of its project');
  check(
    path,
    (await repo.gitIn(path, 'symbolic-ref', 'HEAD')) === `refs/heads/${branch}`,
    `has the branch ${JSON.stringify(branch)} checked out`,
  );
  check(path, basename(path).length <= 60, 'has a short name');
  await daemon.client.worktree.remove({ worktree: id });
  check(path, !existsSync(path), 'is gone after its removal');
}

/** As git itself says, which also means HEAD by "@". */
async function isBranchName(cwd: string, branch: string): Promise<boolean> {
  if (branch.includes('\0') || branch === '@') return false;
  const asked = await run('git', ['check-ref-format', '--branch', branch], { cwd }).catch(() => undefined);
  return asked?.stdout === `${branch}\n`;
}

function check(what: string, holds: boolean, claim: string): void {
  if (!holds) throw new Error(`${what}: ${claim} is not true`);
}
