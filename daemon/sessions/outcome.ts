// From how a process ended to how its step ended. The only reading of output here is of its last lines, for people.
import { open } from 'node:fs/promises';
import { type Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Mask } from '../kernel/mask.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { smallFiles } from '../tools/small-files.ts';
import type { StepExit } from '../tools/step-files.ts';
import type { StepOutcome } from './transitions.ts';

const tailLines = 20;

export const outcomeOf = {
  /** `stopped` tells that we ended it; its own status stays in the record. */
  async exit(
    exit: StepExit | undefined,
    stopped: 'cancelled' | 'timeout' | undefined,
    step: StepRecord,
    { size, mask }: { size: number; mask: Mask },
  ): Promise<StepOutcome> {
    const facts = {
      ...(exit?.kind === 'exit' ? { exitCode: exit.code } : {}),
      ...(exit?.kind === 'signal' ? { signal: exit.signal } : {}),
    };
    const tail = exit?.kind === 'exit' && exit.code === 0 ? '' : await lastLines(step, size, mask);
    if (stopped === 'cancelled') return { ...facts, status: 'cancelled', reason: 'cancelled' };
    if (stopped === 'timeout')
      return { ...facts, status: 'failed', reason: 'timeout', error: `It took longer than its time allowed.${tail}` };
    if (!exit || exit.kind === 'lost')
      return { status: 'lost', reason: 'lost', error: `The wrapper around it was killed, so how it ended is unknown.${tail}` };
    if (exit.kind === 'error') return { status: 'failed', reason: 'start', error: `It could not start: ${exit.message}.` };
    if (exit.kind === 'signal') return { ...facts, status: 'failed', reason: 'signal', error: `It was ended by ${exit.signal}.${tail}` };
    if (exit.code === 0) return { ...facts, status: 'succeeded' };
    return { ...facts, status: 'failed', reason: 'exit', error: `It ended with exit code ${exit.code}.${tail}` };
  },

  /** Bytes of an output file, 0 when there is none. */
  async size(path: string | undefined): Promise<number> {
    return path === undefined
      ? 0
      : smallFiles.stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  },

  /** A step that the daemon could not even start, or runs itself. A bug is no outcome: it is thrown on. */
  failure(error: unknown): StepOutcome {
    if (isFailure(error)) return { status: 'failed', reason: error.kind.toLowerCase(), error: sentencesOf(error) };
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      return { status: 'failed', reason: error.code.toLowerCase(), error: `${error.message}.` };
    }
    throw error;
  },

  /** The same, where a bug must end the step and nothing else. */
  unforeseen(error: unknown): StepOutcome {
    try {
      return outcomeOf.failure(error);
    } catch {
      return { status: 'failed', reason: 'internal', error: error instanceof Error ? error.message : String(error) };
    }
  },
};

/** A denial of policy says by which rule, and what to do about it. */
function sentencesOf({ kind, message, details }: Failure): string {
  return kind === 'POLICY_DENIED' ? `${message} (${details?.ruleId}) ${details?.fix ?? ''}`.trimEnd() : message;
}

/** The log keeps every byte; what is told of it does not tell secrets, also none that only begins before these lines. */
async function lastLines(step: StepRecord, size: number, mask: Mask): Promise<string> {
  if (step.outputPath === undefined || size <= 0) return '';
  const file = await open(step.outputPath, 'r');
  try {
    const length = Math.min(size, limits.outputTailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, step.outputOffset + size - length);
    const plain = buffer.toString('utf8', 0, bytesRead).replaceAll('\r\n', '\n').replaceAll('\0', '').trimEnd();
    const text = length < size ? mask.cutText(plain) : mask.text(plain);
    const lines = text.split('\n').slice(-tailLines).join('\n');
    return lines === '' ? '' : ` Its last lines:\n${lines.slice(-(limits.errorMessageChars - 200))}`;
  } finally {
    await file.close();
  }
}
