// What the wrapper of a step is told: argv, directory and the exact environment.
import { join } from 'node:path';
import { argumentEnvironment } from '../commands/arguments.ts';
import type { CommandStep } from '../commands/definition.ts';
import { renderDeep, renderTemplate } from '../commands/template.ts';
import type { Availability } from '../models/availability.ts';
import type { Store } from '../store/store.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { FileReader } from '../tools/files.ts';
import type { StepSpec } from '../tools/step-files.ts';
import { type Agents, agentFiles } from './agent-step.ts';
import { type SessionContext, stepOf, workingDirectoryOf } from './context.ts';
import { writeContextFile } from './context-file.ts';
import { stepEnvironment } from './environment.ts';
import { leaseVariables } from './leases.ts';
import { contextFileOf, outputFileOf, promptFileOf } from './paths.ts';
import { argvOf } from './step-command.ts';

export interface StepSpecDeps {
  readonly store: Store;
  readonly files: FileReader;
  readonly agents: Agents;
  readonly availability: Pick<Availability, 'assertUsable'>;
  readonly socketPath: string;
  readonly tmuxSocketPath: string;
}

export async function stepSpec(context: SessionContext, step: StepRecord, deps: StepSpecDeps): Promise<StepSpec> {
  const definition = stepOf(context.definition, step);
  if (!definition) throw new Error(`step ${step.index} of session "${context.session.id}" is in its rows but not in its definition`);
  const { artifactDir } = context.session;
  const workingDirectory = await workingDirectoryOf(context, definition.workingDirectory);
  const place = { files: deps.files, projectPath: context.project.path, metaDir: join(artifactDir, 'meta'), stepRunId: step.id };
  const { agent, ...run } =
    definition.type === 'agent'
      ? await agentFiles(context, step, definition, deps.agents)
      : { argv: await argvOf(definition, place), agent: undefined };
  const contextFile = contextFileOf(artifactDir);
  await writeContextFile(contextFile, context, deps.store);
  const venv = context.worktree && join(context.worktree.path, '.venv');
  const rendered = (variables: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, renderTemplate(value, context.lookup)]));
  const env = stepEnvironment({
    inherited: context.secrets.environment,
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
    ...(venv && (await deps.files.stat(venv)) ? { virtualEnv: venv } : {}),
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
      ...(context.worktree === undefined ? {} : { worktreePath: context.worktree.path }),
      ...(context.session.branch === undefined ? {} : { branch: context.session.branch }),
      ...(context.terminal === undefined ? {} : { tmuxSession: context.terminal.name, tmuxSocket: deps.tmuxSocketPath }),
    },
  });
  if (agent !== undefined) await deps.availability.assertUsable(agent.name, run.argv[0] ?? '', agent.env, env);
  return { cwd: workingDirectory, ...run, env };
}

/** A prompt is for standard input; as a variable it could be longer than the kernel takes. */
function environmentArgs({ type, args }: CommandStep): CommandStep['args'] {
  const { prompt: _, ...others } = args;
  return type === 'agent' ? others : args;
}
