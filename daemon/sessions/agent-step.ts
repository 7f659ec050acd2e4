// A step that runs an agent, one of the registry or any program: it gets the prompt as standard input and answers on standard output. Both are files, so that
// neither a large prompt nor a long answer can block, and no prompt shows in a process list.
import { constants } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { CommandStep } from '../commands/definition.ts';
import { renderDeep, renderTemplate } from '../commands/template.ts';
import type { AgentRegistry, ResolvedAgent } from '../models/registry.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { logFlags } from '../tools/step-process.ts';
import { writeWhole } from '../tools/write-whole.ts';
import type { SessionContext } from './context.ts';
import { answerPathOf, promptFileOf, stepPromptOf } from './paths.ts';

export interface AgentFiles {
  readonly argv: readonly string[];
  readonly stdinPath: string;
  readonly stdoutPath: string;
  /** Absent for a program that the registry does not know. */
  readonly agent?: ResolvedAgent;
}

export type Agents = Pick<AgentRegistry, 'has' | 'resolve'>;

/** What a step names: an agent of the registry, or else a program. Throws for an agent that takes no prompt on standard input. */
export function agentProgram(action: string, agents: Agents): { readonly argv: readonly string[]; readonly agent?: ResolvedAgent } {
  if (!agents.has(action)) return { argv: [action] };
  const agent = agents.resolve(action);
  if (agent.headless !== undefined) return { argv: agent.headless, agent };
  throw new Failure(
    'PRECONDITION',
    `The agent "${agent.name}" takes no prompt on standard input; give it "headless" in [agents.${agent.name}].`,
    {
      details: { reason: 'not_headless', agent: agent.name },
    },
  );
}

/** A prompt of its own, in args, wins over the command's. */
export async function agentFiles(context: SessionContext, step: StepRecord, definition: CommandStep, agents: Agents): Promise<AgentFiles> {
  const { artifactDir } = context.session;
  const { prompt } = definition.args;
  let stdinPath = promptFileOf(artifactDir);
  if (typeof prompt === 'string') {
    stdinPath = stepPromptOf(artifactDir, step.index, step.name);
    writeWhole(stdinPath, renderTemplate(prompt, context.lookup));
  } else if (context.definition.promptFile === undefined) {
    throw new Failure('COMMAND_INVALID', `The agent step "${step.name}" has no prompt; give the command a prompt_file.`);
  }
  return { ...programOf(context, definition, agents), stdinPath, stdoutPath: answerPathOf(artifactDir, step.index, step.name) };
}

/** A definition of the daemon's own has its whole argv already. */
function programOf({ lookup }: SessionContext, { action, argv: own, args: { argv = [] } }: CommandStep, agents: Agents) {
  if (own !== undefined) return { argv: own };
  const program = agentProgram(action, agents);
  const more = (Array.isArray(argv) ? argv : [argv]).map((item) => String(renderDeep(item, lookup)));
  return { ...program, argv: [...program.argv, ...more] };
}

/** The answer stands behind what the agent said on stderr, so that the log of the step tells all of it. */
export async function copyAnswer(step: StepRecord, artifactDir: string): Promise<void> {
  if (step.type !== 'agent' || step.outputPath === undefined) return;
  const answer = await open(answerPathOf(artifactDir, step.index, step.name), constants.O_RDONLY | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (answer === undefined) return;
  try {
    const { buffer, bytesRead } = await answer.read(Buffer.alloc(limits.readOutputBytes), 0, limits.readOutputBytes, 0);
    await appendFile(step.outputPath, buffer.subarray(0, bytesRead), { mode: 0o600, flag: logFlags });
  } finally {
    await answer.close();
  }
}
