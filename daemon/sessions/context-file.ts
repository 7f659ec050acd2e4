import { rename, writeFile } from 'node:fs/promises';
import { isoTime } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import type { SessionContext } from './context.ts';
import { promptFileOf } from './paths.ts';

/** The whole session as JSON for a step to read, 0600: history and shared data included, secrets masked. */
export async function writeContextFile(path: string, context: SessionContext, store: Store): Promise<void> {
  const { session, project, worktree, terminal, steps } = context;
  const sharedData = store.read((r) => r.sessions.sharedData(session.id));
  const content = {
    session: {
      id: session.id,
      slug: session.slug,
      commandName: session.commandName,
      kind: session.kind,
      createdAt: isoTime(session.createdAt),
    },
    project: { id: project.id, name: project.name, path: project.path },
    arguments: session.arguments,
    artifactDir: session.artifactDir,
    ...(context.definition.promptFile === undefined ? {} : { promptFile: promptFileOf(session.artifactDir) }),
    ...(worktree ? { worktree: { id: worktree.id, path: worktree.path, branch: worktree.branch, baseCommit: worktree.baseCommit } } : {}),
    ...(terminal ? { terminal: { id: terminal.id, name: terminal.name } } : {}),
    sharedData,
    history: steps.map(({ index, phase, name, status, exitCode, signal, reason }) => ({
      index,
      phase,
      name,
      status,
      exitCode,
      signal,
      reason,
    })),
  };
  const temporary = `${path}.new`;
  await writeFile(temporary, JSON.stringify(content, null, 2), { mode: 0o600 });
  await rename(temporary, path);
}
