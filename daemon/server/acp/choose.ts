// Which work session an editor's new session is: the one of its folder, another one beside that, or one of its own.
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { McpServer, WorkSession } from '../../../schemas/work-session.ts';
import type { Worktree } from '../../../schemas/worktree.ts';
import type { DaemonClient } from './daemon-client.ts';

export interface Chosen {
  readonly workSession: WorkSession;
  /** It was made for this, and begins to be furnished now. */
  readonly isNew: boolean;
}

export interface ChooseDeps {
  readonly api: DaemonClient['api'];
  readonly environment: Readonly<Record<string, string>>;
  readonly mcpServers: readonly McpServer[];
  /** What its work sessions are called until something is said in them. */
  readonly name: string;
  /** Is it shown already on this connection? */
  readonly isAttached: (workSessionId: string) => boolean;
}

const over: readonly string[] = ['completed', 'failed', 'cancelled'];

export async function chooseSession(deps: ChooseDeps, cwd: string): Promise<Chosen> {
  const { api, name, isAttached } = deps;
  const project = await api.project.add({ path: cwd }).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.kind !== 'PRECONDITION') throw error;
    throw new Failure('PRECONDITION', `"${cwd}" is not inside a git repository; open a folder of one.`, {
      details: { reason: 'no_repository' },
    });
  });
  const worktree = await worktreeAround(api, project.id, cwd);
  const there = worktree && (await newestIn(api, worktree));
  if (there && !over.includes(there.status) && !isAttached(there.id)) return { workSession: there, isNew: false };
  if (there) return { workSession: await beside(deps, there), isNew: true };
  const baseBranch = worktree?.branch;
  const made = {
    ...{ project: project.id, name, environment: { ...deps.environment }, mcpServers: [...deps.mcpServers] },
    ...(baseBranch === undefined ? {} : { baseBranch }),
  };
  return { workSession: await api.workSession.create(made), isNew: true };
}

/** In the same spec task, unless that is over: then in one of its own. */
async function beside({ api, name, environment, ...deps }: ChooseDeps, { specTaskId, projectId }: WorkSession): Promise<WorkSession> {
  const mcpServers = [...deps.mcpServers];
  try {
    return await api.workSession.create({ specTask: specTaskId, name, environment: { ...environment }, mcpServers });
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'INVALID_TRANSITION') throw error;
    return api.workSession.create({ project: projectId, name, environment: { ...environment }, mcpServers });
  }
}

async function worktreeAround(api: ChooseDeps['api'], project: string, cwd: string): Promise<Worktree | undefined> {
  for (let cursor: string | undefined; ; ) {
    const page = await api.worktree.list({ project, limit: limits.pageRows, ...(cursor && { cursor }) });
    const found = page.worktrees.find(({ path, status }) => status === 'present' && (cwd === path || cwd.startsWith(`${path}/`)));
    if (found || page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
}

async function newestIn(api: ChooseDeps['api'], { id, projectId }: Worktree): Promise<WorkSession | undefined> {
  for (let cursor: string | undefined; ; ) {
    const page = await api.workSession.list({ project: projectId, limit: limits.pageRows, ...(cursor && { cursor }) });
    const found = page.workSessions.find(({ worktreeId }) => worktreeId === id);
    if (found || page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
}
