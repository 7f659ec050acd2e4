// Starting a command: everything that can be wrong is found before any row, folder or worktree exists.
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Session } from '../../schemas/session.ts';
import type { AuthService } from '../auth/service.ts';
import { type ArgumentValues, resolveArguments } from '../commands/arguments.ts';
import { baseFor, branchFor, takesExistingBranch } from '../commands/branch.ts';
import { type Catalogue, type CommandEntry, runnable } from '../commands/catalogue.ts';
import type { CommandDefinition, SessionKind } from '../commands/definition.ts';
import { inferKind } from '../commands/kind.ts';
import { createLookup } from '../commands/template.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { ProjectService } from '../projects/service.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { Git } from '../tools/git/git.ts';
import type { Tmux } from '../tools/tmux.ts';
import { branchTaken, worktreeTaken } from '../worktrees/taken.ts';
import { builtinNames } from './builtins/index.ts';
import type { Snapshot } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';
import { slug } from './paths.ts';
import { initialRows } from './rows.ts';
import { sessionSubject } from './transitions.ts';
import { sessionView } from './view.ts';

export interface StartRequest {
  readonly project: string;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly environment: Environment;
}

/** A command that may run, with what it was given. */
export interface Prepared {
  readonly project: ProjectRecord;
  readonly entry: CommandEntry;
  readonly definition: CommandDefinition;
  readonly kind: SessionKind;
  readonly values: ArgumentValues;
  readonly masked: Readonly<Record<string, unknown>>;
  /** For the worktree kind. */
  readonly branch?: string;
  readonly base?: string;
}

export interface StartDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly projects: ProjectService;
  readonly catalogue: Catalogue;
  readonly auth: AuthService;
  readonly git: Git;
  readonly tmux: Tmux;
  readonly envFiles: EnvFiles;
  readonly artifactsDir: string;
  readonly budgetSeconds: () => number;
  /** For clients that sent no environment of their own. */
  readonly ownEnvironment: Environment;
}

/** Checks a start without doing it. */
export async function prepare(deps: StartDeps, request: Omit<StartRequest, 'environment'>): Promise<Prepared> {
  const project = await deps.projects.resolve(request.project);
  const entry = await deps.catalogue.get(project.path, request.command);
  const definition = runnable(entry);
  const { values, masked } = resolveArguments(definition.arguments, request.arguments);
  const { kind } = inferKind(definition);
  const prepared = { project, entry, definition, kind, values, masked };
  if (kind !== 'worktree') return prepared;
  const lookup = createLookup({
    arguments: values,
    declared: definition.arguments.map(({ name }) => name),
    variables: { project: project.name, project_path: project.path, command_name: entry.name, timestamp: isoTime(deps.clock.now()) },
  });
  const branch = branchFor(definition, lookup, new Date(deps.clock.now()));
  const base = baseFor(definition, lookup);
  await deps.git.checkBranchName(branch);
  if (base !== undefined) await deps.git.resolveCommit(repositoryOf(project), base);
  return { ...prepared, branch, ...(base === undefined ? {} : { base }) };
}

export async function start(deps: StartDeps, request: StartRequest, origin: Origin): Promise<Session> {
  const { store, ids, clock } = deps;
  const environment = Object.keys(request.environment).length > 0 ? request.environment : deps.ownEnvironment;
  checkEnvironmentSize(environment);
  const prepared = await prepare(deps, request);
  await checkResources(deps, prepared);
  const { definition, kind, project, entry } = prepared;
  const id = ids.next('ses');
  const token = deps.auth.newSecret();
  await deps.envFiles.write(id, { environment, arguments: prepared.values, token });
  try {
    return await store.write((w) => {
      const name = freeSlug(entry.name, ids, (taken) => w.sessions.bySlug(taken) !== undefined);
      const budgetSeconds = definition.timeoutSeconds ?? deps.budgetSeconds();
      const session: SessionRecord = {
        id,
        slug: name,
        commandName: entry.name,
        kind,
        projectId: project.id,
        projectPath: project.path,
        artifactDir: join(deps.artifactsDir, slug(project.name), name),
        status: 'queued',
        role: 'plain',
        arguments: prepared.masked,
        definition: JSON.stringify({ definition, legacy: entry.legacy } satisfies Snapshot),
        definitionSha256: entry.sha256,
        createdAt: clock.now(),
        ...(budgetSeconds > 0 ? { budgetMs: budgetSeconds * 1000 } : {}),
      };
      w.sessions.insert(session);
      for (const row of initialRows({ sessionId: id, definition, kind, builtins: builtinNames, ids })) w.steps.insert(row);
      deps.auth.issueForSession(w, id, token);
      const data = { slug: name, commandName: entry.name, kind, status: session.status };
      w.events.append({ type: 'session.created', subject: sessionSubject(session), actor: origin.actor, data });
      return settle(w, origin.receipt, sessionView(w, session));
    });
  } catch (error) {
    await deps.envFiles.remove(id);
    throw error;
  }
}

/** What would surely fail later is said now. */
async function checkResources(deps: StartDeps, prepared: Prepared): Promise<void> {
  const { kind, project, branch, base, definition } = prepared;
  if (kind !== 'standard' && (await deps.tmux.available()) === undefined) {
    throw new Failure(
      'TOOL_MISSING',
      `The command "${definition.name}" needs a terminal, but tmux is not installed; run: apt install tmux.`,
      {
        details: { tool: 'tmux', remedy: 'apt install tmux' },
      },
    );
  }
  if (branch === undefined) return;
  const worktree = deps.store.read((r) => r.worktrees.byProjectAndBranch(project.id, branch));
  if (worktree) throw worktreeTaken(worktree);
  const isFree = (takesExistingBranch(definition) && base === undefined) || !(await deps.git.branchExists(repositoryOf(project), branch));
  if (!isFree) throw branchTaken(project, branch);
}

function checkEnvironmentSize(environment: Environment): void {
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  if (bytes <= limits.environmentBytes) return;
  throw new Failure(
    'LIMIT_EXCEEDED',
    `The environment has ${bytes} bytes, over the limit of ${limits.environmentBytes}; send less of it.`,
    {
      details: { limit: limits.environmentBytes, value: bytes },
    },
  );
}

/** `<command>-<four characters>`, not taken yet. */
function freeSlug(commandName: string, ids: Ids, isTaken: (slug: string) => boolean): string {
  for (let length = 4; ; length++) {
    const name = `${slug(commandName)}-${ids.random(length)}`;
    if (!isTaken(name)) return name;
  }
}
