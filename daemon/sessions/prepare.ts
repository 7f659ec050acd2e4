// Whether a command may start: everything that can be wrong is found before any row, folder or worktree exists.
import { Failure } from '../../schemas/errors.ts';
import type { AuthService } from '../auth/service.ts';
import { type ArgumentValues, resolveArguments } from '../commands/arguments.ts';
import { type Catalogue, type CommandEntry, runnable } from '../commands/catalogue.ts';
import { allSteps, type CommandDefinition, credentialsOf, type SessionKind } from '../commands/definition.ts';
import { inferKind } from '../commands/kind.ts';
import { ownEntry } from '../commands/own-command.ts';
import type { CredentialService } from '../credentials/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { PolicyService } from '../policy/service.ts';
import type { ProjectService } from '../projects/service.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { FileReader } from '../tools/files.ts';
import type { Git } from '../tools/git/git.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';
import { type Agents, agentProgram } from './agent-step.ts';
import type { PinnedConfig } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';
import type { BuiltinsFor } from './own-scripts.ts';
import { checkFree, type PlannedWorktree, type PlanWorktreeDeps, planWorktree } from './plan-worktree.ts';
import { promptOf } from './prompt.ts';

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
  /** In the place of the command's file and prompt file: what the daemon itself wants to run. */
  readonly own?: { readonly definition: CommandDefinition; readonly prompt: string };
  /** The group that it is a member of; whoever starts it writes the group's rows. */
  readonly groupId?: string;
  /** What it does for a spec task; such a session takes no room of others. */
  readonly links?: SessionLinks;
}

export type SessionLinks = Pick<SessionRecord, 'specTaskId'> &
  Partial<Pick<SessionRecord, 'role' | 'workSessionId' | 'implTaskId' | 'instanceId' | 'threadId'>>;

export interface StartWish {
  readonly request: StartRequest;
  readonly extras?: StartExtras;
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
  readonly worktree?: PlannedWorktree;
  /** The text of the prompt file. */
  readonly prompt?: string;
}

export interface StartDeps extends PlanWorktreeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: KeyedQueue;
  readonly projects: ProjectService;
  readonly catalogue: Catalogue;
  readonly auth: AuthService;
  readonly git: Git;
  readonly tmux: TmuxServers;
  readonly files: FileReader;
  readonly envFiles: EnvFiles;
  readonly agents: Agents;
  readonly artifactsDir: string;
  /** The configuration as it is for a project, at the start of a session. Throws CONFIG_INVALID. */
  readonly configFor: (projectPath: string) => Promise<{ readonly budgetSeconds: number; readonly pinned: PinnedConfig }>;
  readonly builtinsFor: BuiltinsFor;
  readonly policy: PolicyService;
  readonly credentials: CredentialService;
  /** For clients that sent no environment of their own. */
  readonly ownEnvironment: Environment;
  /** For those whose environment does not tell. */
  readonly userName: string;
}

/** Checks a start without doing it. */
export async function prepare(
  deps: StartDeps,
  request: Omit<StartRequest, 'environment'>,
  { goesOnIn, own }: StartExtras = {},
): Promise<Prepared> {
  const project = await deps.projects.resolve(request.project);
  const entry = own ? ownEntry(own.definition) : await deps.catalogue.get(project.path, request.command);
  const written = runnable(entry);
  const definition: CommandDefinition =
    goesOnIn === undefined ? written : { ...written, worktree: { ...written.worktree, existing: 'reuse' } };
  const { values, masked } = resolveArguments(definition.arguments, request.arguments);
  for (const { type, action, argv } of allSteps(definition)) if (type === 'agent' && argv === undefined) agentProgram(action, deps.agents);
  const { kind } = inferKind(definition);
  deps.credentials.assertKnown(credentialsOf(definition));
  const prompt = own?.prompt ?? (await promptOf(deps, { project, entry, definition, kind, values }));
  const prepared = { project, entry, definition, kind, values, masked, ...(prompt === undefined ? {} : { prompt }) };
  if (kind !== 'worktree') return prepared;
  return { ...prepared, worktree: await planWorktree(deps, { project, definition, values, goesOnIn }) };
}

/** What would surely fail later is said now. */
export async function checkResources(deps: StartDeps, prepared: Prepared): Promise<void> {
  const { kind, project, worktree, definition } = prepared;
  if (kind !== 'standard' && (await deps.tmux.available()) === undefined) {
    throw new Failure(
      'TOOL_MISSING',
      `The command "${definition.name}" needs a terminal, but tmux is not installed; run: apt install tmux.`,
      {
        details: { tool: 'tmux', remedy: 'apt install tmux' },
      },
    );
  }
  if (worktree !== undefined) await checkFree(deps, project, definition, worktree);
}
