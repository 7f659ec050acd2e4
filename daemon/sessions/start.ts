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
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { ProjectService } from '../projects/service.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { FileReader } from '../tools/files.ts';
import type { Git } from '../tools/git/git.ts';
import type { Tmux } from '../tools/tmux.ts';
import { branchTaken, worktreeTaken } from '../worktrees/taken.ts';
import type { Snapshot } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';
import type { BuiltinsFor } from './own-scripts.ts';
import { slug } from './paths.ts';
import { promptOf } from './prompt.ts';
import { assertUnused } from './reuse-worktree.ts';
import { initialRows } from './rows.ts';
import { sessionSubject } from './transitions.ts';
import { sessionView } from './view.ts';

export interface StartRequest {
  readonly project: string;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly environment: Environment;
}

/** What the daemon adds to a start of its own. */
export interface StartExtras {
  readonly scheduleId?: string;
  /** The pool of a command that names none. */
  readonly group?: string;
  /** The branch of a worktree to go on in, should it be there. */
  readonly goesOnIn?: string;
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
  /** The text of the prompt file. */
  readonly prompt?: string;
}

export interface StartDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: KeyedQueue;
  readonly projects: ProjectService;
  readonly catalogue: Catalogue;
  readonly auth: AuthService;
  readonly git: Git;
  readonly tmux: Tmux;
  readonly files: FileReader;
  readonly envFiles: EnvFiles;
  readonly artifactsDir: string;
  readonly budgetSeconds: () => number;
  readonly builtinsFor: BuiltinsFor;
  /** For clients that sent no environment of their own. */
  readonly ownEnvironment: Environment;
}

/** Checks a start without doing it. */
export async function prepare(
  deps: StartDeps,
  request: Omit<StartRequest, 'environment'>,
  { goesOnIn }: StartExtras = {},
): Promise<Prepared> {
  const project = await deps.projects.resolve(request.project);
  const entry = await deps.catalogue.get(project.path, request.command);
  const written = runnable(entry);
  const definition: CommandDefinition =
    goesOnIn === undefined ? written : { ...written, worktree: { ...written.worktree, existing: 'reuse' } };
  const { values, masked } = resolveArguments(definition.arguments, request.arguments);
  const { kind } = inferKind(definition);
  const prompt = await promptOf(deps, { project, entry, definition, kind, values });
  const prepared = { project, entry, definition, kind, values, masked, ...(prompt === undefined ? {} : { prompt }) };
  if (kind !== 'worktree') return prepared;
  const lookup = createLookup({
    arguments: values,
    declared: definition.arguments.map(({ name }) => name),
    variables: { project: project.name, project_path: project.path, command_name: entry.name, timestamp: isoTime(deps.clock.now()) },
    data: goesOnIn === undefined ? {} : { branch_name: goesOnIn },
  });
  const branch = branchFor(definition, lookup, new Date(deps.clock.now()));
  const base = baseFor(definition, lookup);
  await deps.git.checkBranchName(branch);
  if (base !== undefined) await deps.git.resolveCommit(repositoryOf(project), base);
  return { ...prepared, branch, ...(base === undefined ? {} : { base }) };
}

export async function start(deps: StartDeps, request: StartRequest, origin: Origin, extras: StartExtras = {}): Promise<Session> {
  const environment = Object.keys(request.environment).length > 0 ? request.environment : deps.ownEnvironment;
  checkEnvironmentSize(environment);
  const prepared = await prepare(deps, request, extras);
  await checkResources(deps, prepared);
  const builtins = await deps.builtinsFor(prepared.project.path, prepared.definition);
  // Ids are places in the queue: no other start takes one between an id and its row.
  return deps.queue.run('session start', () => enqueue(deps, { prepared, environment, builtins }, origin, extras));
}

interface Wanted {
  readonly prepared: Prepared;
  readonly environment: Environment;
  readonly builtins: Awaited<ReturnType<BuiltinsFor>>;
}

async function enqueue(
  deps: StartDeps,
  { prepared, environment, builtins }: Wanted,
  origin: Origin,
  extras: StartExtras,
): Promise<Session> {
  const { store, ids, clock } = deps;
  const { definition, kind, project, entry, prompt } = prepared;
  const id = ids.next('ses');
  const token = deps.auth.newSecret();
  await deps.envFiles.write(id, { environment, arguments: prepared.values, token, ...(prompt === undefined ? {} : { prompt }) });
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
        ...poolOf(prepared, extras),
        ...(extras.scheduleId === undefined ? {} : { scheduleId: extras.scheduleId }),
      };
      w.sessions.insert(session);
      if (extras.goesOnIn !== undefined) w.sessions.setData(id, 'branch_name', extras.goesOnIn, clock.now());
      for (const row of initialRows({ sessionId: id, definition, kind, builtins, ids })) w.steps.insert(row);
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

/** Which pool a session counts in. A limit without a group is the command's own, in its project. */
function poolOf({ definition, project, entry }: Prepared, { group }: StartExtras) {
  const { concurrency } = definition;
  if (concurrency === undefined) return group === undefined ? {} : { concurrencyGroup: group, concurrencyLimit: 1 };
  return { concurrencyGroup: concurrency.group ?? `${project.name}/${entry.name}`, concurrencyLimit: concurrency.limit };
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
  if (worktree && definition.worktree.existing === 'reuse') return assertUnused(deps.store, worktree);
  if (worktree) throw worktreeTaken(worktree);
  const takesExisting = definition.worktree.existing === 'reuse' || (takesExistingBranch(definition) && base === undefined);
  const isFree = takesExisting || !(await deps.git.branchExists(repositoryOf(project), branch));
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
