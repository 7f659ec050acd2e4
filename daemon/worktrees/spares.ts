// Spare worktrees of projects that ask for them ([worktrees] spares): made and kept fresh while nobody waits, taken when a session starts.
// What there is stands in git's own books; here is only what this daemon has found out about it.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { AddWorktree } from '../tools/git/add-worktree.ts';
import type { Git } from '../tools/git/git.ts';
import type { Repository } from '../tools/git/repository.ts';
import { type FoundSpare, sparePrefix, type Unfit } from '../tools/git/spare.ts';
import { projectFolder } from './folder.ts';
import { straySpares } from './stray-spares.ts';

export interface Spares {
  /** Makes a spare the new worktree; false, and nothing is touched, when there is none for it. In a shared turn of its repository. */
  take(project: ProjectRecord, wanted: AddWorktree & { readonly base: string }): Promise<boolean>;
  /** Makes, refreshes and removes what the configuration and the branches ask for; never rejects. Amid a round: one more after it. */
  tend(): Promise<void>;
  /** Takes away those of a project that was removed. */
  drop(project: ProjectRecord): Promise<void>;
  /** How many wait. */
  ready(): number;
  /** Is this a spare of ours in which nobody has worked? */
  has(path: string): boolean;
  stop(): Promise<void>;
}

export interface SpareDeps {
  readonly store: Store;
  readonly git: Git;
  readonly log: Log;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Serialises git's worktree commands a repository. */
  readonly queue: KeyedQueue;
  readonly root: () => string;
  /** What the configuration asks for. Throws CONFIG_INVALID. */
  readonly wantedBy: (projectPath: string) => Promise<number>;
}

interface State {
  /** Oldest first. Whoever works on one takes it out. */
  ready: FoundSpare[];
  /** Somebody has worked in these: they are theirs now. */
  readonly touched: Set<string>;
  /** The commit that cannot be had ahead. */
  unfit?: string;
  /** After a failure. */
  pausedUntil?: number;
}

const mostProjects = 1_000;
const pauseMs = 5 * 60_000;
const reasons: Readonly<Record<Unfit, string>> = {
  hook: 'a post-checkout hook of the repository expects to run when a worktree is added',
  submodules: 'git cannot move worktrees of a repository with submodules',
  sparse: 'its main checkout is sparse or has settings of its own',
  dirty: 'a fresh checkout shows changes at once; look at its line endings and filters',
};

export function createSpares(deps: SpareDeps): Spares {
  const { store, git, log, queue, clock } = deps;
  const states = new Map<string, State>();
  const stopping = new AbortController();
  let round: Promise<void> | undefined;
  let again = false;
  let lookedForStrays = false;

  const stateOf = ({ id }: ProjectRecord): State => {
    const state = states.get(id) ?? { ready: [], touched: new Set<string>() };
    states.set(id, state);
    return state;
  };
  const isGone = ({ id }: ProjectRecord): boolean => store.read((r) => r.projects.get(id)) === undefined;

  const leave = (path: string, state?: State): void => {
    state?.touched.add(path);
    log.warn({ path }, `somebody has worked in the spare worktree "${path}", so it stays; "git worktree remove" takes it away`);
  };
  /** Removes one, unless somebody has worked in it. In the turn of the repository. */
  const discard = async (repo: Repository, spare: FoundSpare, state?: State): Promise<void> => {
    if (spare.commit !== undefined && !(await git.isUntouched(spare))) return leave(spare.path, state);
    const { deleteFiles } = await git.discardSpare({ repo, path: spare.path });
    deleteFiles().catch((error: unknown) => log.warn({ err: error }, `files of the spare worktree "${spare.path}" are left over`));
  };
  const discardOf = (project: ProjectRecord, spare: FoundSpare): Promise<void> =>
    queue.run(project.gitDir, () => discard(repositoryOf(project), spare, stateOf(project)));

  /** Compares with git's books: what a dead daemon left half-made goes. Answers those that can serve. */
  const look = (project: ProjectRecord): Promise<FoundSpare[]> =>
    queue.run(project.gitDir, async () => {
      const { touched } = stateOf(project);
      const repo = repositoryOf(project);
      const isOurs = ({ path }: FoundSpare): boolean => !touched.has(path) && store.read((r) => r.worktrees.byPath(path)) === undefined;
      const found = (await git.listSpares(repo)).filter(isOurs);
      for (const spare of found) if (spare.commit === undefined) await discard(repo, spare);
      return found.filter(({ commit }) => commit !== undefined);
    });

  const fill = async (project: ProjectRecord, path: string, commit: string): Promise<void> => {
    const state = stateOf(project);
    const why = await git.fillSpare({ repo: repositoryOf(project), path, commit, signal: stopping.signal });
    if (why === undefined && !isGone(project)) {
      state.ready.push({ path, commit });
      return;
    }
    await discardOf(project, { path });
    if (why === undefined) return;
    state.unfit = commit;
    log.warn({ projectId: project.id }, `"${project.name}" gets no spare worktrees: ${reasons[why]}`);
  };

  const baseOf = async (project: ProjectRecord): Promise<string | undefined> => {
    const repo = repositoryOf(project);
    const branch = await git.defaultBranch(repo);
    return branch === undefined ? undefined : git.resolveCommit(repo, branch);
  };

  const tendProject = async (project: ProjectRecord): Promise<void> => {
    const wanted = await deps.wantedBy(project.path);
    const known = states.get(project.id);
    if (wanted === 0 && known?.ready.length === 0) return;
    if (known?.pausedUntil !== undefined && clock.now() < known.pausedUntil) return;
    const state = stateOf(project);
    state.ready = await look(project);
    const commit = wanted === 0 ? undefined : await baseOf(project);
    const count = (): number => (commit === undefined || state.unfit === commit || isGone(project) ? 0 : wanted);
    for (const surplus of state.ready.splice(count())) await discardOf(project, surplus);
    if (commit === undefined) return;
    const stale = (): number => state.ready.findIndex((one) => one.commit !== commit);
    for (let at = stale(); at >= 0; at = stale()) {
      const [spare] = state.ready.splice(at, 1) as [FoundSpare];
      if (await git.isUntouched(spare)) await fill(project, spare.path, commit);
      else leave(spare.path, state);
    }
    while (state.ready.length < count()) {
      const path = join(projectFolder(deps.root(), project), `${sparePrefix}${deps.ids.random(8)}`);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const wish = { repo: repositoryOf(project), path, commit, signal: stopping.signal };
      await queue.run(project.gitDir, () => git.beginSpare(wish));
      await fill(project, path, commit);
    }
  };

  const tendStrays = async (): Promise<void> => {
    if (lookedForStrays) return;
    lookedForStrays = true;
    for (const { repo, path } of await straySpares({ store, git }, deps.root())) {
      const spare = (await git.listSpares(repo)).find((one) => one.path === path);
      if (spare) await queue.run(repo.gitCommonDir, () => discard(repo, spare));
    }
  };
  const tendAll = async (): Promise<void> => {
    await tendStrays().catch((error: unknown) => log.warn({ err: error }, 'spare worktrees of former projects are left over'));
    for (const project of store.read((r) => r.projects.list('', mostProjects))) {
      if (stopping.signal.aborted) return;
      await tendProject(project).catch((error: unknown) => {
        if (stopping.signal.aborted || isGone(project)) return;
        stateOf(project).pausedUntil = clock.now() + pauseMs;
        log.warn({ err: error, projectId: project.id }, `the spare worktrees of "${project.name}" could not be looked after; later again`);
      });
    }
  };
  const rounds = async (): Promise<void> => {
    do {
      again = false;
      await tendAll();
    } while (again && !stopping.signal.aborted);
    round = undefined;
  };

  return {
    async take(project, { path, branch, base: commit }) {
      const state = states.get(project.id);
      const repo = repositoryOf(project);
      for (let spare = state?.ready.shift(); spare; spare = state?.ready.shift()) {
        const outcome = await git.takeSpare({ repo, spare, path, branch, commit }).catch((error: unknown) => {
          log.warn({ err: error, path }, 'a spare worktree could not be taken; a new one is made');
          return 'unfit' as const;
        });
        if (outcome === 'taken') return true;
        if (outcome === 'touched') leave(spare.path, state);
        if (outcome !== 'kept') continue;
        state?.ready.unshift(spare);
        break;
      }
      return false;
    },
    tend() {
      if (stopping.signal.aborted) return Promise.resolve();
      again = round !== undefined;
      round ??= rounds();
      return round;
    },
    async drop(project) {
      const drop = async (): Promise<void> => {
        const repo = repositoryOf(project);
        for (const spare of await git.listSpares(repo)) await discard(repo, spare);
      };
      await queue.run(project.gitDir, drop).catch((error: unknown) => {
        log.warn({ err: error }, `spare worktrees of the former project "${project.name}" are left over`);
      });
      states.delete(project.id);
    },
    ready: () => [...states.values()].reduce((sum, { ready }) => sum + ready.length, 0),
    has: (path) => basename(path).startsWith(sparePrefix) && ![...states.values()].some(({ touched }) => touched.has(path)),
    async stop() {
      stopping.abort();
      await round;
    },
  };
}
