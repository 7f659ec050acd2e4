// Registered repositories, and how a path becomes one of them.
import { basename } from 'node:path';
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Project } from '../../schemas/project.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { Git } from '../tools/git/git.ts';
import { repositoryOf } from './repository.ts';

export interface ProjectService {
  add(params: { path: string; name?: string | undefined }, origin: Origin): Promise<Project>;
  list(cursor: string | undefined, limit: number): Promise<{ projects: Project[]; nextCursor?: string }>;
  view(project: ProjectRecord): Promise<Project>;
  /** By id, name, or any path inside the project or one of its worktrees; throws NOT_FOUND. */
  resolve(ref: string): Promise<ProjectRecord>;
  /** Answers what it was. */
  remove(ref: string, origin: Origin): Promise<ProjectRecord>;
}

export interface ProjectDeps {
  readonly store: Store;
  readonly git: Git;
  readonly clock: Clock;
  readonly ids: Ids;
}

export function createProjectService({ store, git, clock, ids }: ProjectDeps): ProjectService {
  const view = async (project: ProjectRecord): Promise<Project> => {
    const defaultBranch = await git.defaultBranch(repositoryOf(project)).catch(() => undefined);
    return {
      id: project.id,
      name: project.name,
      path: project.path,
      createdAt: isoTime(project.createdAt),
      ...(defaultBranch === undefined ? {} : { defaultBranch }),
    };
  };
  const resolve = async (ref: string): Promise<ProjectRecord> => {
    const known = store.read((r) => r.projects.get(ref) ?? r.projects.byName(ref));
    if (known) return known;
    if (ref.startsWith('/')) {
      const found = await git.findRepository(ref);
      const project = found && store.read((r) => r.projects.byGitDir(found.gitCommonDir));
      if (project) return project;
    }
    throw notFound(
      ref,
      store.read((r) => r.projects.names()),
    );
  };
  return {
    view,
    resolve,
    async add({ path, name }, origin) {
      const found = await git.findRepository(path);
      if (!found) {
        throw new Failure('PRECONDITION', `"${path}" is not inside a git repository; run "git init" there, or name a path inside one.`, {
          details: { reason: 'no_repository', path },
        });
      }
      const project = await store.write((w) => {
        const existing = w.projects.byGitDir(found.gitCommonDir);
        if (existing) return existing;
        const record: ProjectRecord = {
          id: ids.next('prj'),
          name: freeName(name ?? basename(found.mainCheckout), name !== undefined, (taken) => w.projects.byName(taken) !== undefined),
          path: found.mainCheckout,
          gitDir: found.gitCommonDir,
          createdAt: clock.now(),
        };
        w.projects.insert(record);
        const data = { id: record.id, name: record.name, path: record.path, createdAt: isoTime(record.createdAt) };
        w.events.append({ type: 'project.added', subject: { projectId: record.id }, actor: origin.actor, data });
        return record;
      });
      return view(project);
    },
    async list(cursor, limit) {
      const rows = store.read((r) => r.projects.list(cursor ?? '', limit + 1));
      const projects = await Promise.all(rows.slice(0, limit).map(view));
      const last = rows[limit - 1];
      return { projects, ...(rows.length > limit && last ? { nextCursor: last.name } : {}) };
    },
    async remove(ref, origin) {
      const project = await resolve(ref);
      await store.write((w) => {
        const active = w.sessions.active().filter((session) => session.projectId === project.id);
        const worktrees = w.worktrees.list({ projectId: project.id }, '~', 1);
        if (active.length > 0 || worktrees.length > 0) {
          const what = active.length > 0 ? 'sessions that have not ended' : 'worktrees';
          throw new Failure('PRECONDITION', `Project "${project.name}" still has ${what}; end and remove them first.`, {
            details: {
              reason: 'in_use',
              sessions: active.map((session) => session.id),
              worktrees: worktrees.map((worktree) => worktree.id),
            },
          });
        }
        w.projects.remove(project.id);
        const data = { name: project.name, path: project.path };
        w.events.append({ type: 'project.removed', subject: { projectId: project.id }, actor: origin.actor, data });
      });
      return project;
    },
  };
}

/** A name that was asked for must be free; one that we choose gets a number. */
function freeName(wanted: string, asked: boolean, isTaken: (name: string) => boolean): string {
  if (!isTaken(wanted)) return wanted;
  if (asked) throw new Failure('ALREADY_EXISTS', `A project named "${wanted}" exists already; take another name.`);
  for (let n = 2; ; n++) if (!isTaken(`${wanted}-${n}`)) return `${wanted}-${n}`;
}

function notFound(ref: string, names: readonly string[]): Failure {
  const suggestions = nearest(ref, names);
  const advice = ref.startsWith('/') ? `register it with "coppice project add ${ref}"` : '"coppice project list" shows them';
  return new Failure('NOT_FOUND', `There is no project "${ref}"; ${advice}.`, { details: { entity: 'project', id: ref, suggestions } });
}
