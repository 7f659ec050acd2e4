import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Commit, Id, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

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
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION', 'TOOL_FAILED', 'TOOL_MISSING'],
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
  'worktree.remove': defineMethod({
    summary: 'Removes a worktree after proof that nothing is lost: clean, merged or pushed, nobody inside.',
    access: 'operate',
    effect: 'mutation',
    params: {
      worktree,
      project,
      callerDirectory: AbsolutePath.optional().describe('Where the caller stands: never removed from under it.'),
    },
    result: Ok.extend({ branchDeleted: z.boolean() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'WORK_AT_RISK', 'PRECONDITION', 'TOOL_FAILED'],
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
  'worktree.removed': defineEvent({
    summary: 'A worktree is gone; nothing was lost with it.',
    data: z.object({ path: z.string(), branch: z.string(), branchDeleted: z.boolean() }),
  }),
  'worktree.missing': defineEvent({
    summary: 'The directory of a worktree vanished without us.',
    data: z.object({ path: z.string(), branch: z.string() }),
  }),
};
