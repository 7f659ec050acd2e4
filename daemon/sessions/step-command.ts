// What a step of the definition means as an argv.
import { chmod, open, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { CommandStep } from '../commands/definition.ts';
import { resolveStepScript } from '../commands/resolve-step-script.ts';
import type { FileReader } from '../tools/files.ts';

const interpreters: Readonly<Record<string, readonly string[]>> = {
  '.py': ['python3'],
  '.sh': ['bash'],
  '.js': ['node'],
  '.mjs': ['node'],
  '.ts': ['npx', 'tsx'],
};

export interface CommandPlace {
  readonly files: Pick<FileReader, 'stat' | 'realPath'>;
  readonly projectPath: string;
  /** Inline scripts are written here. */
  readonly metaDir: string;
  readonly stepRunId: string;
}

/** The argv of a shell, script or inline step. Text of the definition only: values reach it through the environment. */
export async function argvOf(step: CommandStep, place: CommandPlace): Promise<readonly string[]> {
  return step.script === undefined ? argvOfFile(step, place) : inline(step.script, place);
}

/** The same for a step without a body of its own; nothing is written. */
export async function argvOfFile(step: CommandStep, place: Pick<CommandPlace, 'files' | 'projectPath'>): Promise<readonly string[]> {
  if (step.type === 'shell') return ['bash', '-c', step.action];
  const found = await resolveStepScript(place, step.type === 'builtin' ? 'builtin' : 'script', step.action);
  if ('problem' in found) {
    const what = found.problem === 'outside' ? 'lies outside the steps folders' : 'is in neither .coppice/steps nor .prj/steps';
    throw new Failure('NOT_FOUND', `The script "${step.action}" of step "${step.name}" ${what}; put it there, or use "type: shell".`, {
      details: { entity: 'script', id: step.action },
    });
  }
  return byInterpreter(found.path);
}

async function inline(body: string, { metaDir, stepRunId }: CommandPlace): Promise<readonly string[]> {
  const path = join(metaDir, `${stepRunId}.script`);
  await writeFile(path, body, { mode: 0o700 });
  await chmod(path, 0o700);
  return body.startsWith('#!') ? [path] : ['bash', path];
}

async function byInterpreter(path: string): Promise<readonly string[]> {
  const file = await open(path, 'r');
  try {
    const { mode } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 2 && buffer.toString('latin1') === '#!' && (mode & 0o111) !== 0) return [path];
  } finally {
    await file.close();
  }
  return [...(interpreters[extname(path)] ?? ['bash']), path];
}
