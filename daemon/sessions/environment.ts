// The environment of a step, from the starting client's to our own variables. Pure.

export type Environment = Readonly<Record<string, string>>;

/** Variables of the daemon, its terminal or its service manager: never a step's. */
const dropped = [
  /^COPPICE_/,
  /^TMUX/,
  /^NOTIFY_SOCKET$/,
  /^LISTEN_/,
  /^WATCHDOG_/,
  /^INVOCATION_ID$/,
  /^JOURNAL_STREAM$/,
  /^CREDENTIALS_DIRECTORY$/,
];

/** What a client's environment brings into a session. */
export function inheritable(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !dropped.some((pattern) => pattern.test(name))));
}

/** What everything inside a session is told: its steps, and the shell of its terminal. */
export interface SessionFacts {
  readonly sessionId: string;
  readonly commandName: string;
  readonly projectPath: string;
  readonly worktreePath?: string;
  readonly branch?: string;
  readonly artifactDir: string;
  readonly workingDirectory: string;
  readonly tmuxSession?: string;
  readonly tmuxSocket?: string;
  readonly socket: string;
  readonly token: string;
  readonly specTaskId?: string;
  readonly workSessionId?: string;
}

export interface StepFacts extends SessionFacts {
  readonly stepName: string;
  readonly stepIndex: number;
  readonly outputFile: string;
  readonly contextFile: string;
  readonly promptFile?: string;
}

export function sessionVariables(facts: SessionFacts): Environment {
  return ownVariables({
    SESSION_ID: facts.sessionId,
    COMMAND_NAME: facts.commandName,
    PROJECT_PATH: facts.projectPath,
    WORKTREE_PATH: facts.worktreePath,
    BRANCH_NAME: facts.branch,
    ARTIFACT_DIR: facts.artifactDir,
    WORKING_DIRECTORY: facts.workingDirectory,
    TMUX_SESSION: facts.tmuxSession,
    TMUX_SOCKET: facts.tmuxSocket,
    SOCKET: facts.socket,
    TOKEN: facts.token,
    SPEC_TASK_ID: facts.specTaskId,
    WORK_SESSION_ID: facts.workSessionId,
  });
}

function stepVariables(facts: StepFacts): Environment {
  return ownVariables({
    STEP_NAME: facts.stepName,
    STEP_INDEX: String(facts.stepIndex),
    OUTPUT_FILE: facts.outputFile,
    CONTEXT_FILE: facts.contextFile,
    PROMPT_FILE: facts.promptFile,
  });
}

function ownVariables(values: Readonly<Record<string, string | undefined>>): Environment {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`COPPICE_${name}`, value]])));
}

export interface EnvironmentParts {
  readonly inherited: Environment;
  readonly definition: Environment;
  readonly step: Environment;
  /** COPPICE_ARG_… of every declared argument. */
  readonly arguments: Environment;
  /** `args` of the step; what is no scalar goes as JSON. */
  readonly stepArgs: Readonly<Record<string, unknown>>;
  readonly facts: StepFacts;
  /** The definition is a PruneJuice file: its steps read the same under PruneJuice's names. */
  readonly legacy: boolean;
  /** Which one holds here, if any (virtual-env.ts). */
  readonly virtualEnv?: string;
}

export function stepEnvironment(parts: EnvironmentParts): Environment {
  const { VIRTUAL_ENV: _, ...inherited } = inheritable(parts.inherited);
  const own = { ...sessionVariables(parts.facts), ...stepVariables(parts.facts) };
  const stepArgs = Object.fromEntries(
    Object.entries(parts.stepArgs).map(([name, value]) => [`COPPICE_STEP_${variableName(name)}`, asText(value)]),
  );
  const ours = { ...parts.arguments, ...stepArgs, ...own };
  return {
    ...inherited,
    ...(parts.virtualEnv ? { VIRTUAL_ENV: parts.virtualEnv } : {}),
    ...parts.definition,
    ...parts.step,
    ...ours,
    ...(parts.legacy ? legacyNames(ours, parts.facts) : {}),
  };
}

function legacyNames(ours: Environment, facts: StepFacts): Environment {
  const renamed = Object.entries(ours)
    .filter(([name]) => name !== 'COPPICE_TOKEN' && name !== 'COPPICE_SOCKET')
    .map(([name, value]) => [name.replace(/^COPPICE_/, 'PRUNEJUICE_'), value]);
  return { ...Object.fromEntries(renamed), PRUNEJUICE_ACTION_NAME: facts.commandName, PRUNEJUICE_EVENT_ID: facts.sessionId };
}

/** An argument or key as the tail of a variable name: upper case, everything else an underscore. */
export function variableName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
