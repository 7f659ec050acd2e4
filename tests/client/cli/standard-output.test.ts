// What the process of the CLI writes, into pipes and files as shells make them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon } from '../helpers/fake-daemon.ts';
import { session } from '../helpers/records.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

/** Many times what a pipe holds. */
const sessions = Array.from({ length: 3_000 }, (_, index) => ({ ...session(), slug: `build-é-${index}` }));
const words = ['ps', '--json', '--limit', '3000'];

async function listing(): Promise<FakeDaemon> {
  return FakeDaemon.started({ 'session.list': () => ({ sessions: sessions as never }) });
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of stream?.setEncoding('utf8') ?? []) text += chunk as string;
  return text;
}

test.each([
  { how: 'as it is', program: process.execPath, before: [] },
  {
    how: 'on which nobody may wait',
    program: 'perl',
    before: ['-e', 'use Fcntl; fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK) or die; exec @ARGV', process.execPath],
  },
])('a pipe $how that is read late gets all of a long document', async ({ program, before }) => {
  await using daemon = await listing();
  const child = spawn(program, [...before, cli.entry, ...words], { env: daemon.env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await daemon.called('session.list');
  const text = await textOf(child.stdout);
  expect((JSON.parse(text) as { sessions: unknown[] }).sessions).toHaveLength(sessions.length);
  expect(await exited).toEqual([0, null]);
});

test('a file gets all of it', async () => {
  await using daemon = await listing();
  const path = join(daemon.home, 'out');
  const file = openSync(path, 'w');
  const child = spawn(process.execPath, [cli.entry, ...words], { env: daemon.env, stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect((JSON.parse(readFileSync(path, 'utf8')) as { sessions: unknown[] }).sessions).toHaveLength(sessions.length);
});

/** Runs the list within a line of bash, as its "$@". */
async function within(line: string, daemon: FakeDaemon): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn('bash', ['-c', line, 'bash', process.execPath, cli.entry, ...words], { env: daemon.env, stdio: 'pipe' });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code] = (await closed) as [number];
  return { code, stdout, stderr };
}

test('a reader that goes away is no error, and there is nobody to tell', async () => {
  await using daemon = await listing();
  expect(await within('"$@" | true; echo "ended with $PIPESTATUS"', daemon)).toEqual({ code: 0, stdout: 'ended with 0\n', stderr: '' });
});

test('a disk that is full is told, with a status that is not 0', async () => {
  await using daemon = await listing();
  const { code, stderr } = await within('"$@" > /dev/full', daemon);
  expect(code).not.toBe(0);
  expect(stderr).toContain('ENOSPC');
});
