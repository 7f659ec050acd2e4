import type { ProjectRecord } from '../store/tables/projects.ts';

/** The repository of a project, as git tools name one. */
export function repositoryOf(project: ProjectRecord): { mainCheckout: string; gitCommonDir: string } {
  return { mainCheckout: project.path, gitCommonDir: project.gitDir };
}
