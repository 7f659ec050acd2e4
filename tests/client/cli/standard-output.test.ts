// What the process of the CLI writes, into pipes and files as shells make them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

async function textOf({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout?.setEncoding('utf8') ?? []) text += chunk as string;
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
  const text = await textOf(child);
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

test('a reader that goes away is no error, and there is nobody to tell', async () => {
  await using daemon = await listing();
  const line = ['-c', '"$@" | true; echo "ended with $PIPESTATUS"', 'bash', process.execPath, cli.entry, ...words];
  const child = spawn('bash', line, { env: daemon.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  expect(await textOf(child)).toBe('ended with 0\n');
  expect(told).toBe('');
});

test('a disk that is full is told, with a status that is not 0', async () => {
  await using daemon = await listing();
  const line = ['-c', '"$@" > /dev/full', 'bash', process.execPath, cli.entry, ...words];
  const child = spawn('bash', line, { env: daemon.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).not.toBe(0);
  expect(told).toContain('ENOSPC');
});
