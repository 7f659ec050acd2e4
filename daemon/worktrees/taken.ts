// A branch has one worktree at most, and a new worktree takes no branch that is somebody else's.
import { Failure } from '../../schemas/errors.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';

export function branchTaken(project: ProjectRecord, branch: string): Failure {
  return new Failure(
    'ALREADY_EXISTS',
    `The branch "${branch}" exists already in "${project.name}"; take another name, or remove it first.`,
    {
      details: { entity: 'branch', id: branch },
    },
  );
}

export function worktreeTaken(existing: WorktreeRecord): Failure {
  return new Failure(
    'ALREADY_EXISTS',
    `The branch "${existing.branch}" has a worktree already, at "${existing.path}"; use that one, or remove it first.`,
    {
      details: { entity: 'worktree', id: existing.id, path: existing.path },
    },
  );
}

export function placeTaken(path: string, near: WorktreeRecord): Failure {
  return new Failure(
    'ALREADY_EXISTS',
    `"${path}" is, holds or lies in the worktree "${near.path}" of "${near.branch}"; name another place.`,
    {
      details: { entity: 'path', id: path, worktree: near.id },
    },
  );
}
