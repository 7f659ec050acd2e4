import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { Lease } from './lease.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Commit, Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const Worktree = z
  .object({
    id: Id,
    projectId: Id,
    path: z.string(),
    branch: z.string(),
    base: z.string().describe('What the branch was made from, as it was named.'),
    baseCommit: Commit,
    branchCreated: z.boolean().describe('Ours to delete once it is merged or empty.'),
    sessionId: Id.optional().describe('The session that made it.'),
    status: z.enum(['creating', 'present', 'missing', 'removed']),
    retained: z.string().optional().describe('Why a session left it behind.'),
    createdAt: Time,
    removedAt: Time.optional(),
  })
  .meta({ id: 'Worktree' });
export type Worktree = z.infer<typeof Worktree>;

export const FileChange = z.object({
  path: z.string(),
  status: z.enum(['added', 'modified', 'deleted', 'renamed', 'copied', 'typeChanged', 'conflicted']),
  from: z.string().optional().describe('The old path of a rename or copy.'),
  additions: z.int().optional().describe('Absent for binary files.'),
  deletions: z.int().optional(),
});
export type FileChange = z.infer<typeof FileChange>;

/** The details of WORK_AT_RISK. */
export const WorkAtRisk = z.object({
  paths: z.array(z.string()),
  commits: z.array(z.object({ commit: Commit, subject: z.string() })),
  processes: z.array(z.object({ pid: z.int(), command: z.string() })),
  reasons: z.array(z.string()),
});
export type WorkAtRisk = z.infer<typeof WorkAtRisk>;

export const RemovedWorktree = z
  .object({
    id: Id.describe('Of the worktree.'),
    projectId: Id,
    path: z.string(),
    branch: z.string(),
    ref: z.string().describe('The hidden ref that holds its work.'),
    removedAt: Time,
    files: z.int().describe('Files saved beyond what is committed.'),
  })
  .meta({ id: 'RemovedWorktree' });
export type RemovedWorktree = z.infer<typeof RemovedWorktree>;

const worktree = Ref.describe('Worktree id, branch or path.');
const project = Ref.optional().describe('Project id, name or path, when a branch name alone is not unique.');

export const worktreeMethods = {
  'worktree.create': defineMethod({
    summary: 'Makes a worktree for a branch, new or existing, outside the main checkout.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref,
      branch: z.string().min(1).max(limits.nameChars),
      base: z.string().min(1).max(limits.nameChars).optional().describe("Any commit-ish; default: the repository's default branch."),
    },
    result: Worktree,
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION', 'TOOL_FAILED', 'TOOL_MISSING', 'POLICY_DENIED'],
  }),
  'worktree.list': defineMethod({
    summary: 'Worktrees the daemon made, newest first, and those of the project it does not know.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional() },
    result: z.object({
      worktrees: z.array(Worktree),
      nextCursor: NextCursor,
      orphans: z.array(z.object({ path: z.string(), branch: z.string().optional() })).describe('Only with project, on the first page.'),
    }),
    errors: ['NOT_FOUND'],
  }),
  'worktree.get': defineMethod({
    summary: 'One worktree and what git says of it now.',
    access: 'read',
    effect: 'read',
    params: { worktree, project },
    result: Worktree.extend({
      head: Commit.optional(),
      clean: z.boolean().optional().describe('Absent while the directory is missing.'),
      ahead: z.int().optional().describe('Commits beyond the base commit.'),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'TOOL_FAILED'],
  }),
  'worktree.diff': defineMethod({
    summary: 'What changed: committed since the base, staged, unstaged, untracked, and a summary.',
    access: 'read',
    effect: 'read',
    params: { worktree, project, patch: z.boolean().default(false).describe('Bring the text of the whole change too.') },
    result: z.object({
      baseCommit: Commit,
      head: Commit,
      committed: z.array(FileChange),
      staged: z.array(FileChange),
      unstaged: z.array(FileChange),
      untracked: z.array(z.string()),
      summary: z.object({ files: z.int(), additions: z.int(), deletions: z.int(), commits: z.int() }),
      patch: z.string().optional(),
      patchTruncated: z.boolean().optional(),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'PRECONDITION', 'TOOL_FAILED'],
  }),
  'worktree.adopt': defineMethod({
    summary: 'Takes over a linked worktree that somebody else made, as it stands.',
    access: 'operate',
    effect: 'mutation',
    params: { path: AbsolutePath },
    result: Worktree,
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION', 'TOOL_FAILED'],
  }),
  'worktree.commit': defineMethod({
    summary: 'Commits what is staged, or everything, in a worktree; refuses conflicts and an empty commit.',
    access: 'operate',
    effect: 'mutation',
    params: {
      worktree,
      project,
      message: z.string().min(1).max(limits.commitMessageBytes).describe('First line at most 200 characters, then an empty one.'),
      all: z.boolean().default(false).describe('Stage every change first, untracked files too.'),
    },
    result: z.object({ commit: Commit, files: z.int() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'PRECONDITION', 'GIT_CONFLICT', 'TOOL_FAILED'],
  }),
  'worktree.merge': defineMethod({
    summary: 'Merges the branch of a worktree into another one, in a temporary worktree; never in a checkout of the user.',
    access: 'operate',
    effect: 'mutation',
    params: {
      worktree,
      project,
      into: z.string().min(1).max(limits.nameChars).optional().describe("Default: the repository's default branch."),
      mode: z.enum(['ff', 'no-ff', 'squash', 'rebase']).default('no-ff'),
      message: z.string().min(1).max(limits.commitMessageBytes).optional(),
    },
    result: z.object({ into: z.string(), before: Commit, commit: Commit, upToDate: z.boolean() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'PRECONDITION', 'GIT_CONFLICT', 'TOOL_FAILED'],
  }),
  'worktree.predictConflicts': defineMethod({
    summary: 'Tells, for each pair of live branches of a project, whether and where they would conflict.',
    access: 'read',
    effect: 'read',
    params: {
      project: Ref,
      branches: z.array(z.string().min(1).max(limits.nameChars)).max(50).optional().describe('Default: all with a worktree.'),
    },
    result: z.object({
      branches: z.array(z.string()),
      conflicts: z.array(z.object({ a: z.string(), b: z.string(), files: z.array(z.string()) })),
    }),
    errors: ['NOT_FOUND', 'TOOL_FAILED'],
  }),
  'worktree.openPullRequest': defineMethod({
    summary: 'Pushes the branch of a worktree and opens a pull request with gh.',
    access: 'operate',
    effect: 'mutation',
    params: {
      worktree,
      project,
      title: z.string().min(1).max(limits.nameChars),
      body: z.string().max(limits.argumentBytes).default(''),
      base: z.string().min(1).max(limits.nameChars).optional(),
      draft: z.boolean().default(false),
      remote: z.string().min(1).max(limits.nameChars).default('origin'),
    },
    result: z.object({ url: z.string() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'PRECONDITION', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'worktree.listRemoved': defineMethod({
    summary: 'Worktrees that were removed by force and can be restored, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional() },
    result: z.object({ removed: z.array(RemovedWorktree), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'worktree.restore': defineMethod({
    summary: 'Brings back a worktree removed by force: directory, branch, index, files, and the leases that are still free.',
    access: 'operate',
    effect: 'mutation',
    params: { id: idOf('a removed worktree', 'coppice worktree list --removed') },
    result: Worktree.extend({
      leases: z.array(Lease).describe('Reserved again, as it held them.'),
      warnings: z.array(z.string()).describe('What did not come back: leases that somebody else has by now.'),
    }),
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'CONFLICT', 'PRECONDITION', 'TOOL_FAILED'],
  }),
  'worktree.remove': defineMethod({
    summary: 'Removes a worktree after proof that nothing is lost; by force its work is saved first and can be restored.',
    access: 'operate',
    effect: 'mutation',
    params: {
      worktree,
      project,
      force: z.boolean().default(false).describe('Save uncommitted and unmerged work to a hidden ref, then remove.'),
      callerDirectory: AbsolutePath.optional().describe('Where the caller stands: never removed from under it.'),
    },
    result: Ok.extend({
      branchDeleted: z.boolean(),
      savedAs: z.string().optional().describe('The hidden ref that holds the work, after force.'),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'WORK_AT_RISK', 'PRECONDITION', 'TOOL_FAILED', 'POLICY_DENIED'],
  }),
};

export const worktreeEvents = {
  'worktree.created': defineEvent({
    summary: 'A worktree is checked out and ready.',
    data: z.object({ path: z.string(), branch: z.string(), baseCommit: Commit }),
  }),
  'worktree.retained': defineEvent({
    summary: 'A session left its worktree behind.',
    data: z.object({ path: z.string(), branch: z.string(), reason: z.string() }),
  }),
  'worktree.adopted': defineEvent({
    summary: 'A worktree that somebody else made is known now.',
    data: z.object({ path: z.string(), branch: z.string() }),
  }),
  'worktree.committed': defineEvent({
    summary: 'Work of a worktree was committed by a call.',
    data: z.object({ branch: z.string(), commit: Commit }),
  }),
  'worktree.merged': defineEvent({
    summary: 'The branch of a worktree was merged into another.',
    data: z.object({ branch: z.string(), into: z.string(), before: Commit, commit: Commit, mode: z.string() }),
  }),
  'worktree.saved': defineEvent({
    summary: 'The work of a worktree was saved to a hidden ref before a forced removal.',
    data: z.object({ path: z.string(), branch: z.string(), ref: z.string(), files: z.int() }),
  }),
  'worktree.restored': defineEvent({
    summary: 'A worktree removed by force is back.',
    data: z.object({ path: z.string(), branch: z.string() }),
  }),
  'worktree.removed': defineEvent({
    summary: 'A worktree is gone; nothing was lost with it.',
    data: z.object({ path: z.string(), branch: z.string(), branchDeleted: z.boolean() }),
  }),
  'worktree.missing': defineEvent({
    summary: 'The directory of a worktree vanished without us.',
    data: z.object({ path: z.string(), branch: z.string() }),
  }),
};
