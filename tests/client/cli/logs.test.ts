import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ResultOf } from '../../../schemas/index.ts';
import { FakeDaemon, ids, type Script } from '../helpers/fake-daemon.ts';
import { inProcess, startInProcess } from '../helpers/in-process.ts';
import { finished, record, started, step } from '../helpers/records.ts';

/** A session whose steps have written these bytes. */
class Outputs {
  readonly steps: { bytes: Buffer; status: 'running' | 'succeeded'; attempt?: number }[] = [];
  status: 'running' | 'succeeded' = 'running';

  readonly script: Script = {
    'session.get': () => record({ status: this.status }, this.runs()),
    'session.readOutput': ({ step: id, offset, limit, encoding }): ResultOf<'session.readOutput'> => {
      const index = Number(String(id).at(-1));
      const { bytes, status } = this.steps[index - 1] as (typeof this.steps)[number];
      const begin = Math.min(offset ?? 0, bytes.length);
      const data = bytes.subarray(begin, begin + Math.min(limit, 100_000));
      const nextOffset = begin + data.length;
      const complete = status !== 'running' && nextOffset === bytes.length;
      return { stepRunId: ids.step(index), offset: begin, nextOffset, size: bytes.length, complete, data: data.toString(encoding) };
    },
  };

  runs() {
    return this.steps.map(({ bytes, status, attempt = 1 }, index) => step(index + 1, { status, attempt, outputSize: bytes.length }));
  }

  add(bytes: Buffer | string, status: 'running' | 'succeeded' = 'succeeded'): void {
    this.steps.push({ bytes: Buffer.from(bytes), status });
  }

  append(index: number, text: string): void {
    const entry = this.steps[index - 1] as (typeof this.steps)[number];
    entry.bytes = Buffer.concat([entry.bytes, Buffer.from(text)]);
  }
}

test('logs prints every byte of every step, in order', async () => {
  const outputs = new Outputs();
  const bytes = randomBytes(1_234_567);
  outputs.add(bytes);
  outputs.add('second\n');
  outputs.status = 'succeeded';
  await using daemon = await FakeDaemon.started(outputs.script);
  const running = startInProcess(daemon, ['logs', 'build-fox']);
  expect((await running.done).code).toBe(0);
  expect(running.bytes().equals(Buffer.concat([bytes, Buffer.from('second\n')]))).toBe(true);
});

test('logs --step prints one step, and refuses one that is not there', async () => {
  const outputs = new Outputs();
  outputs.add('first\n');
  outputs.add('second\n');
  await using daemon = await FakeDaemon.started(outputs.script);
  expect(await inProcess(daemon, ['logs', 'x', '--step', '2'])).toMatchObject({ code: 0, stdout: 'second\n' });
  const { code, stderr } = await inProcess(daemon, ['logs', 'x', '--step', '9']);
  expect({ code, stderr }).toEqual({ code: 4, stderr: 'coppice: The session has no step 9; "coppice show" lists its steps.\n' });
});

test('logs -f follows across steps and a restart until the session has ended', async () => {
  const outputs = new Outputs();
  outputs.add('one ', 'running');
  await using daemon = await FakeDaemon.started(outputs.script);
  const running = startInProcess(daemon, ['logs', '-f', 'build-fox']);
  await running.printed('one ');
  await daemon.until(() => daemon.subscriptions().length === 1);
  outputs.append(1, 'more ');
  daemon.emitEphemeral('session.outputGrew', { stepRunId: ids.step(1), index: 1, size: 9 });
  await running.printed('more ');
  (outputs.steps[0] as { status: string }).status = 'succeeded';
  outputs.add('two ', 'running');
  daemon.emit('step.finished', finished(1));
  daemon.emit('step.started', started(2));
  await running.printed('two ');
  await daemon.stop();
  outputs.append(2, 'while away ');
  await daemon.start();
  await running.printed('while away ');
  outputs.append(2, 'end\n');
  (outputs.steps[1] as { status: string }).status = 'succeeded';
  outputs.status = 'succeeded';
  daemon.emit('session.finished', { slug: 'build-fox', status: 'succeeded' });
  expect(await running.done).toMatchObject({ code: 0, stdout: 'one more two while away end\n', stderr: '' });
});

test('logs -f prints each attempt of a step from its beginning, also when it says less than the one before', async () => {
  const outputs = new Outputs();
  outputs.add('the first attempt says much\n', 'running');
  await using daemon = await FakeDaemon.started(outputs.script);
  const running = startInProcess(daemon, ['logs', '-f', 'build-fox']);
  await running.printed('says much\n');
  await daemon.until(() => daemon.subscriptions().length === 1);
  outputs.steps[0] = { bytes: Buffer.from('the second less\n'), status: 'succeeded', attempt: 2 };
  outputs.status = 'succeeded';
  daemon.emit('session.finished', { slug: 'build-fox', status: 'succeeded' });
  expect(await running.done).toMatchObject({ code: 0, stdout: 'the first attempt says much\nthe second less\n', stderr: '' });
});

test('logs --json tells for every piece which step it is of', async () => {
  const outputs = new Outputs();
  outputs.add('hello\n');
  await using daemon = await FakeDaemon.started(outputs.script);
  const { stdout } = await inProcess(daemon, ['logs', 'x', '--json']);
  expect(JSON.parse(stdout)).toEqual({ stepRunId: ids.step(1), index: 1, name: 'step 1', offset: 0, nextOffset: 6, data: 'hello\n' });
});
