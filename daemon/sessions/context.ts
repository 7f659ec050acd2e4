// Everything about one session that its steps need, read anew for each of them: a worktree or terminal may have come meanwhile.
import type { stepFields } from '../commands/check-steps.ts';
import { allSteps, type CommandDefinition, type CommandStep } from '../commands/definition.ts';
import { createLookup, type TemplateLookup } from '../commands/template.ts';
import { isoTime } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Where as PolicyPlace } from '../policy/service.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { EnvFiles, SessionSecrets } from './env-file.ts';

/** What a session keeps of the configuration it began with, whatever changes later. */
export interface PinnedConfig {
  readonly worktreesRoot: string;
  readonly shell?: string;
}

/** The command as a session keeps it from its start on. */
export interface Snapshot {
  readonly definition: CommandDefinition;
  /** A PruneJuice file. */
  readonly legacy: boolean;
  /** The daemon made the definition itself, so no file has it. */
  readonly own?: boolean;
  readonly pinned?: PinnedConfig;
}

export interface SessionContext extends Snapshot {
  readonly session: SessionRecord;
  readonly project: ProjectRecord;
  readonly steps: readonly StepRecord[];
  readonly secrets: SessionSecrets;
  readonly worktree?: WorktreeRecord;
  readonly terminal?: TerminalRecord;
  readonly lookup: TemplateLookup;
}

export function snapshotOf(session: SessionRecord): Snapshot {
  return JSON.parse(session.definition) as Snapshot;
}

/** The step of the definition that a row runs. */
export function stepOf(definition: CommandDefinition, row: StepRecord): CommandStep | undefined {
  return allSteps(definition).find((step) => step.index === row.index);
}

export function tolerates(session: SessionRecord): (row: StepRecord) => boolean {
  const { definition } = snapshotOf(session);
  return (row) => stepOf(definition, row)?.continueOnError ?? false;
}

export async function loadContext(store: Store, envFiles: EnvFiles, sessionId: string): Promise<SessionContext> {
  const secrets = await envFiles.read(sessionId);
  return store.read((r) => {
    const session = r.sessions.get(sessionId);
    const project = session && r.projects.get(session.projectId);
    if (!session || !project) throw new Error(`the session "${sessionId}" that is being run has no row`);
    const snapshot = snapshotOf(session);
    const worktree = session.worktreeId === undefined ? undefined : r.worktrees.get(session.worktreeId);
    const terminal = r.terminals.liveOfSession(session.id);
    const steps = r.steps.ofSession(sessionId);
    return {
      ...snapshot,
      session,
      project,
      steps,
      secrets,
      ...(worktree === undefined ? {} : { worktree }),
      ...(terminal === undefined ? {} : { terminal }),
      lookup: lookupOf({ ...snapshot, session, project, steps, secrets, worktree, terminal, data: r.sessions.sharedData(sessionId) }),
    };
  });
}

interface LookupFacts extends Snapshot {
  readonly session: SessionRecord;
  readonly project: ProjectRecord;
  readonly steps: readonly StepRecord[];
  readonly secrets: SessionSecrets;
  readonly worktree: WorktreeRecord | undefined;
  readonly terminal: TerminalRecord | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

function lookupOf({ session, project, definition, steps, secrets, worktree, terminal, data }: LookupFacts): TemplateLookup {
  const byId = allSteps(definition).flatMap((step) => {
    const row = steps.find(({ index }) => index === step.index);
    return step.id === undefined || row === undefined ? [] : [[step.id, fieldsOf(row)] as const];
  });
  return createLookup({
    arguments: secrets.arguments,
    declared: definition.arguments.map(({ name }) => name),
    data,
    steps: Object.fromEntries(byId),
    variables: {
      project: project.name,
      project_path: project.path,
      session_id: session.id,
      session_name: session.slug,
      command_name: session.commandName,
      artifact_dir: session.artifactDir,
      timestamp: isoTime(session.createdAt),
      ...(secrets.user === undefined ? {} : { user: secrets.user }),
      ...(session.branch === undefined ? {} : { branch: session.branch }),
      ...(worktree === undefined ? {} : { worktree_path: worktree.path }),
      ...(terminal === undefined ? {} : { tmux_session: terminal.name }),
    },
  });
}

/** Of `steps.<id>`, in templates and conditions. */
function fieldsOf({ status, exitCode, signal, reason, attempt, name }: StepRecord): Readonly<Record<(typeof stepFields)[number], unknown>> {
  return { status, exit_code: exitCode, signal, reason, attempts: attempt, name };
}

/** Whom a decision of policy is about. */
export function placeOf({ session }: SessionContext, stepRunId?: string): PolicyPlace {
  return {
    ...{ actor: byDaemon.actor, projectId: session.projectId, sessionId: session.id },
    ...(stepRunId === undefined ? {} : { stepRunId }),
  };
}
