// A step that runs an agent: its program gets the prompt as standard input and answers on standard output. Both are files, so that
// neither a large prompt nor a long answer can block, and no prompt shows in a process list.
import { constants } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { CommandStep } from '../commands/definition.ts';
import { renderDeep, renderTemplate } from '../commands/template.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { logFlags } from '../tools/step-process.ts';
import type { SessionContext } from './context.ts';
import { answerPathOf, promptFileOf, stepPromptOf } from './paths.ts';
import { writeWhole } from './session-files.ts';

export interface AgentFiles {
  readonly argv: readonly string[];
  readonly stdinPath: string;
  readonly stdoutPath: string;
}

/** A prompt of its own, in args, wins over the command's. */
export async function agentFiles(context: SessionContext, step: StepRecord, definition: CommandStep): Promise<AgentFiles> {
  const { artifactDir } = context.session;
  const { argv = [], prompt } = definition.args;
  const more = (Array.isArray(argv) ? argv : [argv]).map((item) => String(renderDeep(item, context.lookup)));
  let stdinPath = promptFileOf(artifactDir);
  if (typeof prompt === 'string') {
    stdinPath = stepPromptOf(artifactDir, step.index, step.name);
    await writeWhole(stdinPath, renderTemplate(prompt, context.lookup));
  } else if (context.definition.promptFile === undefined) {
    throw new Failure('COMMAND_INVALID', `The agent step "${step.name}" has no prompt; give the command a prompt_file.`);
  }
  return { argv: [definition.action, ...more], stdinPath, stdoutPath: answerPathOf(artifactDir, step.index, step.name) };
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
