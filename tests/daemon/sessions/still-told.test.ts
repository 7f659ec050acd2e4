import { expect, test } from 'vitest';
import { isStillTold } from '../../../daemon/sessions/still-told.ts';
import type { StepExit } from '../../../daemon/tools/step-files.ts';

test('a wrapper that writes the end and goes while it is looked for has told it', async () => {
  let exit: StepExit | undefined;
  const stepFiles = { readExit: async () => exit };
  const isAlive = async (): Promise<boolean> => {
    exit = { kind: 'exit', code: 7 };
    return false;
  };
  expect(await isStillTold({ stepFiles, isAlive }, 'stp_1', { wrapperPid: 1, childPid: 2 })).toBe(true);
});

test('one that lives will tell it, one that is gone without a word will not', async () => {
  const stepFiles = { readExit: async () => undefined };
  const pids = { wrapperPid: 1, childPid: 2, wrapperStart: 9 };
  const isAlive = async (pid: number, start?: number): Promise<boolean> => pid === 1 && start === 9;
  expect(await isStillTold({ stepFiles, isAlive }, 'stp_1', pids)).toBe(true);
  expect(await isStillTold({ stepFiles, isAlive }, 'stp_1', { ...pids, wrapperStart: 8 })).toBe(false);
  expect(await isStillTold({ stepFiles, isAlive }, 'stp_1', undefined)).toBe(false);
});
