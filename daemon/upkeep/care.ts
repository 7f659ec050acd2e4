// Runs the program that looks after the database from outside (store/care.ts), and turns what it says into ours.
import { dirname } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Again } from '../kernel/again.ts';
import { isBusy } from '../kernel/classify.ts';
import type { CareAnswer, CareResults, CareTask } from '../store/care.ts';
import type { ProcessTool } from '../tools/process.ts';

export interface Care {
  check(signal?: AbortSignal): Promise<CareResults['check']>;
  /** Writes a whole copy to a path where nothing is yet. */
  backUp(target: string, signal?: AbortSignal): Promise<CareResults['backup']>;
  /** Brings all that is committed into the one file. */
  checkpoint(): Promise<void>;
}

export interface CareDeps {
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly again: Again;
  readonly databasePath: string;
  /** What runs store/care.ts. */
  readonly program: readonly [string, ...string[]];
}

export function createCare({ process, again, databasePath, program }: CareDeps): Care {
  const [tool, ...words] = program;
  const once = async <T extends CareTask>(task: T, signal: AbortSignal | undefined): Promise<CareResults[T['do']]> => {
    const { stdout } = await process.runTool(tool, [...words, JSON.stringify(task)], {
      signal,
      timeoutMs: limits.databaseCareMs,
      env: { NODE_OPTIONS: undefined },
    });
    const answer = answerIn(stdout) as CareAnswer<T['do']>;
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer.result;
  };
  const run = <T extends CareTask>(task: T, signal?: AbortSignal): Promise<CareResults[T['do']]> =>
    again('store_read', () => once(task, signal), { signal }).catch((error: unknown) => {
      throw told(error, task);
    });
  return {
    check: (signal) => run({ do: 'check', path: databasePath, most: limits.databaseProblems }, signal),
    backUp: (target, signal) => run({ do: 'backup', path: databasePath, target }, signal),
    checkpoint: async () => void (await run({ do: 'checkpoint', path: databasePath })),
  };
}

/** It ended well and yet told nothing: its files were just being replaced. */
function answerIn(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    const message = 'The program that looks after the database gave no answer; if coppice was just upgraded: coppice daemon restart.';
    throw new Failure('TOOL_FAILED', message, { cause, details: { tool: 'care', exitCode: 0, stderrTail: '' } });
  }
}

function told(error: unknown, task: CareTask): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error;
  const target = task.do === 'backup' ? task.target : task.path;
  const cause = error;
  if (isBusy(error)) return new Failure('STORE_BUSY', `Another process holds the database "${task.path}"; call again.`, { cause });
  if (code === 'EEXIST') {
    return new Failure('ALREADY_EXISTS', `"${target}" exists already; name a file that does not.`, {
      details: { entity: 'file', id: target },
      cause,
    });
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new Failure('DB_CORRUPT', `The database "${task.path}" is damaged; "coppice daemon db check" tells where.`, {
      details: { path: task.path, code },
      cause,
    });
  }
  const message = `The database could not be ${attempted[task.do]} "${target}" (${code}); look at "${dirname(target)}" and its free space.`;
  return new Failure('TOOL_FAILED', message, { details: { tool: 'coppiced', code }, cause });
}

const attempted = { check: 'looked through at', backup: 'copied to', checkpoint: 'brought into' } as const;
