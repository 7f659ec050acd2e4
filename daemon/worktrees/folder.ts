import { join } from 'node:path';
import type { ProjectRecord } from '../store/tables/projects.ts';
import { slugOf } from './slug.ts';

/** Where the worktrees of a project are made, below the root of all. */
export function projectFolder(root: string, project: Pick<ProjectRecord, 'name'>): string {
  return join(
    root,
    slugOf(project.name, () => false),
  );
}
