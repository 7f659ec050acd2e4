// What the wrapper of a step is told: argv, directory and the exact environment.
import { join } from 'node:path';
import { argumentEnvironment } from '../commands/arguments.ts';
import type { CommandStep } from '../commands/definition.ts';
import { renderDeep, renderTemplate } from '../commands/template.ts';
import type { Availability } from '../models/availability.ts';
import type { PolicyService } from '../policy/service.ts';
import type { Store } from '../store/store.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { FileReader } from '../tools/files.ts';
import type { StepSpec } from '../tools/step-files.ts';
import { serverOf, type TmuxServers } from '../tools/tmux-servers.ts';
import { type Agents, agentFiles } from './agent-step.ts';
import { placeOf, type SessionContext, stepOf } from './context.ts';
import { writeContextFile } from './context-file.ts';
import { type Environment, stepEnvironment } from './environment.ts';
import { leaseVariables } from './leases.ts';
import { contextFileOf, outputFileOf, promptFileOf } from './paths.ts';
import { argvOf } from './step-command.ts';
import { giveCredentials, type StepCredentialDeps } from './step-credentials.ts';
import { type VirtualEnvDeps, virtualEnvOf } from './virtual-env.ts';
import { workingDirectoryOf } from './working-directory.ts';

/** What the wrapper is told, and the context that knows of the secrets in it. */
export interface PreparedStep {
  readonly spec: StepSpec;
  readonly context: SessionContext;
}

export interface EnvironmentDeps extends VirtualEnvDeps {
  readonly store: Store;
  readonly policy: PolicyService;
  readonly socketPath: string;
  readonly tmux: Pick<TmuxServers, 'socketOf'>;
}

export interface StepSpecDeps extends StepCredentialDeps, EnvironmentDeps {
  readonly files: FileReader;
  readonly agents: Agents;
  readonly availability: Pick<Availability, 'assertUsable'>;
}

export async function stepSpec(context: SessionContext, step: StepRecord, deps: StepSpecDeps): Promise<PreparedStep> {
  const definition = stepDefinition(context, step);
  const { artifactDir } = context.session;
  const tidying = step.phase === 'cleanup' || step.phase === 'finally';
  const workingDirectory = await workingDirectoryOf(context, {
    ...{ named: definition.workingDirectory, tidying, stepRunId: step.id },
    policy: deps.policy,
  });
  const place = { files: deps.files, projectPath: context.project.path, metaDir: join(artifactDir, 'meta'), stepRunId: step.id };
  const { agent, ...run } =
    definition.type === 'agent'
      ? await agentFiles(context, step, definition, deps.agents)
      : { argv: await argvOf(definition, place), agent: undefined };
  const env = await environmentOfStep(context, step, workingDirectory, deps);
  if (agent !== undefined) await deps.availability.assertUsable(agent.name, run.argv[0] ?? '', agent.env, env);
  const argv = await permitted(run.argv, { context, step, policy: deps.policy, place: { searchPath: env.PATH, cwd: workingDirectory } });
  const given = await giveCredentials(context, definition, deps);
  return { spec: { cwd: workingDirectory, ...run, argv, env: { ...env, ...given.variables } }, context: given.context };
}

/** The environment of a step, credentials aside. Writes the context file that it names. */
export async function environmentOfStep(
  context: SessionContext,
  step: StepRecord,
  workingDirectory: string,
  deps: EnvironmentDeps,
): Promise<Environment> {
  const { artifactDir } = context.session;
  const definition = stepDefinition(context, step);
  const contextFile = contextFileOf(artifactDir);
  writeContextFile(contextFile, context, step, deps.store);
  const virtualEnv = await virtualEnvOf(context, deps);
  const rendered = (variables: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, renderTemplate(value, context.lookup)]));
  return stepEnvironment({
    inherited: deps.policy.narrow(context.secrets.environment),
    definition: {
      ...rendered(context.definition.environment),
      ...rendered(context.terminal ? context.definition.session.environment : {}),
    },
    step: rendered(definition.env),
    arguments: {
      ...argumentEnvironment(context.secrets.arguments, context.definition.arguments),
      ...leaseVariables(deps.store, context.session),
    },
    stepArgs: renderDeep(environmentArgs(definition), context.lookup) as Record<string, unknown>,
    legacy: context.legacy,
    ...(virtualEnv === undefined ? {} : { virtualEnv }),
    facts: {
      sessionId: context.session.id,
      commandName: context.session.commandName,
      projectPath: context.project.path,
      artifactDir,
      workingDirectory,
      stepName: step.name,
      stepIndex: step.index,
      outputFile: outputFileOf(artifactDir, step.id),
      contextFile,
      ...(context.definition.promptFile === undefined ? {} : { promptFile: promptFileOf(artifactDir) }),
      socket: deps.socketPath,
      token: context.secrets.token,
      ...(context.session.specTaskId === undefined ? {} : { specTaskId: context.session.specTaskId }),
      ...(context.session.workSessionId === undefined ? {} : { workSessionId: context.session.workSessionId }),
      ...(context.worktree === undefined ? {} : { worktreePath: context.worktree.path }),
      ...(context.session.branch === undefined ? {} : { branch: context.session.branch }),
      ...(context.terminal === undefined
        ? {}
        : { tmuxSession: context.terminal.name, tmuxSocket: deps.tmux.socketOf(serverOf(context.terminal.tmuxId)) }),
    },
  });
}

function stepDefinition(context: SessionContext, step: StepRecord): CommandStep {
  const definition = stepOf(context.definition, step);
  if (definition) return definition;
  throw new Error(`step ${step.index} of session "${context.session.id}" is in its rows but not in its definition`);
}

/** A prompt is for standard input; as a variable it could be longer than the kernel takes. */
function environmentArgs({ type, args }: CommandStep): CommandStep['args'] {
  const { prompt: _, ...others } = args;
  return type === 'agent' ? others : args;
}

interface Permission {
  readonly context: SessionContext;
  readonly step: StepRecord;
  readonly policy: PolicyService;
  readonly place: { readonly searchPath: string | undefined; readonly cwd: string };
}

/** The argv as it may run. A program that policy looked at is named by the file that it found, so that no other one is found later. */
async function permitted(argv: readonly string[], { context, step, policy, place }: Permission): Promise<readonly string[]> {
  const [program = '', ...words] = argv;
  const question = await policy.facts.executable(program, place);
  await policy.enforce([question], placeOf(context, step.id));
  return [question?.chain[0]?.path ?? program, ...words];
}
