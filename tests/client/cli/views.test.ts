import { expect, test } from 'vitest';
import { completionScript } from '../../../client/cli/completion-script.ts';
import type { Cli } from '../../../client/cli/context.ts';
import { createOutput } from '../../../client/cli/output.ts';
import { createProgram } from '../../../client/cli/program.ts';
import type { StandardOutput } from '../../../client/cli/standard-output.ts';
import { createStepView } from '../../../client/cli/step-view.ts';
import type { EventData } from '../../../schemas/index.ts';
import { finished, started } from '../helpers/records.ts';

type Started = EventData<'step.started'>;
type Finished = EventData<'step.finished'>;

class Screen implements StandardOutput {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(data: string | Uint8Array): boolean {
    this.text += data.toString();
    return true;
  }

  stream(): never {
    throw new Error('What is tested here only writes.');
  }
}

function viewOn(isTTY: boolean, json = false) {
  const stdout = new Screen(isTTY);
  return { stdout, view: createStepView(createOutput({ stdout, stderr: stdout, env: { NO_COLOR: '1' }, json, colour: true })) };
}

test('elsewhere than on a terminal each event of a step is a line', () => {
  const { stdout, view } = viewOn(false);
  view.stepStarted?.({ ...started(1), name: 'two\nlines' } as Started);
  view.stepFinished?.({ ...finished(1, 'failed', { signal: 'SIGKILL' }), name: 'two\nlines' } as Finished);
  view.stepFinished?.({ ...finished(2, 'skipped', { reason: 'an earlier one failed' }), phase: 'post' } as Finished);
  view.close();
  expect(stdout.text.replace(/ \d\.\ds/g, ' T')).toBe(
    '1 two lines started\n1 two lines failed (SIGKILL) T\n2 step 2 (post) skipped (an earlier one failed)\n',
  );
});

test('on a terminal the running step is drawn again in its line', () => {
  const { stdout, view } = viewOn(true);
  view.stepStarted?.(started(1) as Started);
  view.stepFinished?.(finished(1) as Finished);
  view.stepStarted?.(started(2) as Started);
  view.close();
  expect(stdout.text.replace(/ \d\.\ds/g, ' T').split('\r\u001b[K')).toEqual([
    '',
    '● 1 step 1 running T',
    '✓ 1 step 1 succeeded T\n',
    '● 2 step 2 running T',
    '',
  ]);
});

test('with JSON nothing is shown', () => {
  const { stdout, view } = viewOn(true, true);
  view.stepStarted?.(started(1) as Started);
  view.close();
  expect(stdout.text).toBe('');
});

test.each(['bash', 'zsh', 'fish'] as const)('the completion of %s knows every command, option and choice', async (shell) => {
  const nothing = (): void => undefined;
  const program = await createProgram(['completion'], { cli: {} as Cli, version: () => '', writeOut: nothing, writeErr: nothing });
  const script = completionScript(shell, program);
  for (const command of program.commands) {
    expect(script).toContain(command.name());
    for (const child of command.commands) expect(script).toContain(`${command.name()} ${child.name()}`);
    for (const option of command.options) expect(script).toContain(option.long ?? '');
  }
  expect(script).toContain('zsh');
});
