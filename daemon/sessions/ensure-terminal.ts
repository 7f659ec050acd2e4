// The terminal of a session: the one it has, or a new one in its worktree, with the windows that its command names.
import { Failure } from '../../schemas/errors.ts';
import { renderTemplate } from '../commands/template.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { PolicyService } from '../policy/service.ts';
import type { Store } from '../store/store.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { CreateWindow } from '../terminals/creating.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';
import { shellWindow } from './builtins/own-terminal.ts';
import { placeOf, type SessionContext } from './context.ts';
import { type Environment, inheritable, sessionVariables } from './environment.ts';
import { leaseVariables } from './leases.ts';
import { logPathOf } from './paths.ts';
import { type VirtualEnvDeps, virtualEnvOf } from './virtual-env.ts';
import { workingDirectoryOf } from './working-directory.ts';

export interface EnsureTerminalDeps extends VirtualEnvDeps {
  readonly store: Store;
  readonly terminals: Pick<TerminalService, 'create' | 'unusedName' | 'serverForNext'>;
  readonly policy: PolicyService;
  /** The path of a program, when there is one. */
  readonly which: (program: string) => Promise<string | undefined>;
  readonly tmux: Pick<TmuxServers, 'socketOf'>;
  readonly places: { readonly socketPath: string };
}

export async function ensureTerminal(deps: EnsureTerminalDeps, context: SessionContext): Promise<TerminalRecord> {
  if (context.terminal) return context.terminal;
  const { session, worktree, definition, lookup } = context;
  const { nameTemplate } = definition.session;
  const wanted = nameTemplate === undefined ? session.slug : `${tmuxName(renderTemplate(nameTemplate, lookup))}-${session.slug}`;
  const name = deps.terminals.unusedName(wanted);
  const cwd = await workingDirectoryOf(context, { named: definition.session.workingDirectory, policy: deps.policy });
  const shell = await shellFor(deps, context);
  const server = deps.terminals.serverForNext();
  const environment = await terminalEnvironment(deps, context, { name, cwd, tmuxSocket: deps.tmux.socketOf(server) });
  await deps.policy.enforce([await deps.policy.facts.executable(shell, { searchPath: environment.PATH, cwd })], placeOf(context));
  const spec = {
    ...{ name, server, sessionId: session.id, cwd, argv: [shell] },
    ...(worktree === undefined ? {} : { worktreeId: worktree.id }),
    environment,
    logPath: logPathOf(session.artifactDir, 0, 'terminal'),
    windows: windowsOf(context, shell),
  };
  return deps.terminals.create(spec, byDaemon);
}

async function terminalEnvironment(
  deps: EnsureTerminalDeps,
  context: SessionContext,
  { name, cwd, tmuxSocket }: { name: string; cwd: string; tmuxSocket: string },
): Promise<Environment> {
  const { session, worktree, definition, lookup, secrets } = context;
  const { VIRTUAL_ENV: _, ...inherited } = deps.policy.narrow(inheritable(secrets.environment));
  const virtualEnv = await virtualEnvOf(context, deps);
  const own = Object.entries(definition.session.environment).map(([key, value]) => [key, renderTemplate(value, lookup)]);
  return {
    ...inherited,
    ...(virtualEnv === undefined ? {} : { VIRTUAL_ENV: virtualEnv }),
    ...Object.fromEntries(own),
    ...leaseVariables(deps.store, session),
    ...sessionVariables({
      sessionId: session.id,
      commandName: session.commandName,
      projectPath: session.projectPath,
      artifactDir: session.artifactDir,
      workingDirectory: cwd,
      tmuxSession: name,
      tmuxSocket,
      socket: deps.places.socketPath,
      token: secrets.token,
      ...(worktree === undefined ? {} : { worktreePath: worktree.path, branch: worktree.branch }),
    }),
  };
}

/** Of the configuration that the session began with; else the starting client's. */
async function shellFor({ which }: EnsureTerminalDeps, { pinned, secrets }: SessionContext): Promise<string> {
  const program = pinned?.shell ?? secrets.environment.SHELL ?? '/bin/sh';
  if ((await which(program)) !== undefined) return program;
  const remedy = 'install it, or correct "shell" in [sessions] or $SHELL';
  throw new Failure('TOOL_MISSING', `The shell "${program}" of the terminal is no program that can be run; ${remedy}.`, {
    details: { tool: program, remedy },
  });
}

/** Beside the shell that every terminal has: a window of its name without a command is that one. */
function windowsOf({ definition, session, lookup }: SessionContext, shell: string): CreateWindow[] {
  return definition.session.windows
    .map(({ name, command }) => ({ name: renderTemplate(name, lookup), command }))
    .filter(({ name, command }) => name !== shellWindow || command !== undefined)
    .map(({ name, command }) => ({
      name,
      argv: command === undefined ? [shell] : ['bash', '-c', command],
      logPath: logPathOf(session.artifactDir, 0, name),
    }));
}

/** tmux reads "." and ":" in a name as the parts of a target. */
function tmuxName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60);
}
