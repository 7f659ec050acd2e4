import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSmallDisk, rootMissing } from '../../helpers/small-disk.ts';
import { createPlace, createTmuxPlace, type Place, scriptsDir, tmuxMissing, until } from './tools-fixture.ts';

const markOf = (id: string): string => `\u001b^coppice end ${id}\u001b\\`;

/** The writer of a log, fed by hand. */
function startWriter(place: Place, id: string, logPath = place.path(`${id}.log`)) {
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn('perl', [join(scriptsDir, 'log-pane.pl'), place.path(`steps/${id}`)], { stdio: ['pipe', log, 'inherit'] });
  closeSync(log);
  const ended = once(child, 'exit');
  return {
    logPath,
    pid: child.pid as number,
    feed: (text: string): Promise<unknown> => new Promise((resolve) => child.stdin?.write(text, resolve)),
    wrote: (text: string): Promise<unknown> => until(`the log to be '${text}'`, () => readFileSync(logPath, 'utf8') === text),
    end: async (): Promise<unknown> => {
      child.stdin?.end();
      return (await ended)[0];
    },
    ended: async (): Promise<unknown> => (await ended)[0],
  };
}

const begun = (place: Place, id: string): void => writeFileSync(place.path(`steps/${id}.pid`), '1 2\n');

/** A writer whose log lies on a disk that can be filled. */
function startOnSmallDisk() {
  const place = createPlace();
  const disk = createSmallDisk({ folder: 'state' });
  begun(place, 'one');
  const logPath = join(disk.path, 'one.log');
  return {
    ...{ disk, logPath },
    writer: startWriter(place, 'one', logPath),
    async [Symbol.asyncDispose]() {
      await disk.home[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

test('the log ends before the mark of its own run, however the bytes are cut', async () => {
  await using place = createPlace();
  begun(place, 'one');
  const writer = startWriter(place, 'one');
  const mark = markOf('one');
  await writer.feed(`a${markOf('other')}b\u001b`);
  await writer.wrote(`a${markOf('other')}b`);
  await writer.feed('[0mc');
  await writer.wrote(`a${markOf('other')}b\u001b[0mc`);
  await writer.feed(mark.slice(0, 9));
  await writer.feed(mark);
  expect(await writer.ended()).toBe(0);
  expect(readFileSync(writer.logPath, 'utf8')).toBe(`a${markOf('other')}b\u001b[0mc${mark.slice(0, 9)}`);
  expect(existsSync(place.path('steps/one.logged'))).toBe(true);
});

test('the end of the pane ends the log too, with all that came', async () => {
  await using place = createPlace();
  begun(place, 'one');
  const writer = startWriter(place, 'one');
  process.kill(writer.pid, 0);
  await writer.feed(`last${markOf('one').slice(0, 5)}`);
  await writer.wrote('last');
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(writer.pid, signal);
  expect(await writer.end()).toBe(0);
  expect(readFileSync(writer.logPath, 'utf8')).toBe(`last${markOf('one').slice(0, 5)}`);
  expect(existsSync(place.path('steps/one.logged'))).toBe(true);
});

test('of a run that was forgotten meanwhile no file is left', async () => {
  await using place = createPlace();
  begun(place, 'one');
  const writer = startWriter(place, 'one');
  await writer.feed('x');
  await writer.wrote('x');
  await place.files.forget('one');
  expect(await writer.end()).toBe(0);
  expect(readdirSync(place.path('steps'))).toEqual([]);
});

test.skipIf(rootMissing('mount a disk that can be filled'))(
  'a disk that is full for a while leaves a gap, and the log tells how large it is',
  async () => {
    await using small = startOnSmallDisk();
    const { disk, writer, logPath } = small;
    await writer.feed('before\n');
    await writer.wrote('before\n');
    disk.fill();
    const lost = 'x'.repeat(200_000);
    await writer.feed(lost);
    await until(
      'all of it to be read',
      () => Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${writer.pid}/io`, 'utf8'))?.[1]) > lost.length,
    );
    disk.free();
    await writer.feed('after\n');
    await writer.feed(markOf('one'));
    expect(await writer.ended()).toBe(0);
    const [, kept = '', gap] = /^before\n(x*)\r\n\[(\d+) bytes are missing here: the log could not be written\]\r\nafter\n$/.exec(
      readFileSync(logPath, 'utf8'),
    ) as RegExpExecArray;
    expect(kept.length + Number(gap)).toBe(lost.length);
  },
);

test.skipIf(rootMissing('mount a disk that can be filled'))(
  'a log that is deleted because it fills the disk gives its room back',
  async () => {
    await using small = startOnSmallDisk();
    const { disk, writer, logPath } = small;
    await writer.feed('x'.repeat(1_000_000));
    await until('the log to be there', () => statSync(logPath).size === 1_000_000);
    disk.fill();
    rmSync(logPath);
    await writer.feed('x'.repeat(100_000));
    await until('its room to be free', () => {
      const { bavail, bsize } = statfsSync(disk.path);
      return bavail * bsize >= 1_000_000;
    });
    expect(await writer.end()).toBe(0);
  },
);

test.skipIf(tmuxMissing())('output that is held with Ctrl-S keeps nobody waiting, and comes when it is let go', async () => {
  await using place = createTmuxPlace();
  const request = await place.shell('held', 'echo first; read word; exit 3');
  const { paneId } = await place.tmux.newSession({ ...request, name: 'held' });
  await until('the step to run', () => readFileSync(request.logPath, 'utf8') === 'first\r\n');
  await place.control.command('send-keys', '-t', paneId, 'C-s', 'x', 'Enter');
  await place.watch.wait('held');
  expect(await place.logged('held', 100)).toBe(false);
  await place.control.command('send-keys', '-t', paneId, 'C-q');
  expect(await place.logged('held')).toBe(true);
  expect(readFileSync(request.logPath, 'utf8')).toMatch(/^first\r\n/);
});
