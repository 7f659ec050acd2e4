import type { Store } from '../store/store.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { writeWhole } from '../tools/write-whole.ts';
import type { SessionContext } from './context.ts';
import { promptFileOf } from './paths.ts';
import { sessionView, stepViews } from './view.ts';

/**
 * The whole session as JSON for a step to read, 0600: its record, shared data and history as `session.get` tells them, secrets masked. The step
 * that reads it is running by then.
 */
export function writeContextFile(path: string, context: SessionContext, step: StepRecord, store: Store): void {
  const { project, worktree, terminal, definition } = context;
  const { id, artifactDir } = context.session;
  const content = store.read((r) => {
    const session = sessionView(r, context.session);
    return {
      session,
      project: { id: project.id, name: project.name, path: project.path },
      arguments: session.arguments,
      artifactDir,
      ...(definition.promptFile === undefined ? {} : { promptFile: promptFileOf(artifactDir) }),
      ...(worktree ? { worktree: { id: worktree.id, path: worktree.path, branch: worktree.branch, baseCommit: worktree.baseCommit } } : {}),
      ...(terminal ? { terminal: { id: terminal.id, name: terminal.name } } : {}),
      sharedData: r.sessions.sharedData(id),
      history: stepViews(r, id).map((run) => (run.id === step.id ? { ...run, status: 'running' } : run)),
    };
  });
  writeWhole(path, JSON.stringify(content, null, 2));
}
