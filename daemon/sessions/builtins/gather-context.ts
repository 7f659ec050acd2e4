import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../../kernel/clock.ts';
import { repositoryOf } from '../../projects/repository.ts';
import type { Builtin } from './builtin.ts';

const commitsShown = 10;

/** Writes what is known of the checkout to `specs/context.json` and shares the short of it. */
export const gatherContext: Builtin = async ({ context, signal, print }, { git, clock }) => {
  const { project, worktree, session } = context;
  const checkout = worktree?.path ?? project.path;
  const status = await git.status(checkout, signal);
  const hasCommits = status.head !== undefined;
  const content = {
    project_name: project.name,
    project_path: project.path,
    git_branch: status.branch ?? 'unknown',
    timestamp: isoTime(clock.now()),
    head: status.head ?? null,
    base: worktree?.base ?? (await git.defaultBranch(repositoryOf(project))) ?? null,
    dirty: !status.clean,
    recent_commits: hasCommits ? await git.recentCommits(checkout, commitsShown) : [],
    remotes: await git.remotes(repositoryOf(project)),
    worktree: worktree ? { path: worktree.path, branch: worktree.branch, base_commit: worktree.baseCommit } : null,
  };
  await writeFile(join(session.artifactDir, 'specs', 'context.json'), JSON.stringify(content, null, 2), { mode: 0o600 });
  print(`branch ${content.git_branch} at ${content.head ?? 'no commit'}`);
  const { recent_commits: _, ...short } = content;
  return { context_info: short };
};
