import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { claimDirectory, listenUnix } from '../../../daemon/server/unix-listener.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const uid = process.getuid?.() ?? 0;
const open = (socketPath: string, onConnection = (): void => {}) =>
  listenUnix({ socketPath, uid, onConnection, onError: (error) => expect.unreachable(error.message) });

test('the socket is for its owner alone and goes when the listener closes', async () => {
  using dir = createTempDir();
  const path = dir.at('run', 'x.sock');
  let accepted = 0;
  const listener = await open(path, () => {
    accepted += 1;
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dir.at('run')).mode & 0o777).toBe(0o700);
  const client = connect(path);
  await once(client, 'connect');
  await expect.poll(() => accepted).toBe(1);
  client.destroy();
  await listener.close();
  await expect.poll(() => existsSync(path)).toBe(false);
});

test('a stale socket is replaced; a file that is no socket is left alone', async () => {
  using dir = createTempDir();
  chmodSync(dir.path, 0o700);
  const path = dir.at('x.sock');
  // A server that closes removes its own name only: a socket of the same name outlives it here.
  const dead = createServer().listen(dir.at('moved.sock'));
  await once(dead, 'listening');
  const { renameSync } = await import('node:fs');
  renameSync(dir.at('moved.sock'), path);
  dead.close();
  const listener = await open(path);
  await listener.close();
  writeFileSync(dir.at('file'), 'mine');
  await expect(open(dir.at('file'))).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'not_a_socket' } });
  expect(existsSync(dir.at('file'))).toBe(true);
});

test("a socket that is somebody else's by now is not removed at the end", async () => {
  using dir = createTempDir();
  const path = dir.at('run', 'x.sock');
  const first = await open(path);
  unlinkSync(path);
  const second = await open(path);
  await first.close();
  expect(existsSync(path)).toBe(true);
  await second.close();
});

test('a directory that others could change is refused', async () => {
  using dir = createTempDir();
  mkdirSync(dir.at('wide'), { mode: 0o700 });
  chmodSync(dir.at('wide'), 0o770);
  symlinkSync(dir.at('wide'), dir.at('link'));
  writeFileSync(dir.at('file'), '');
  const unsafe = { kind: 'PRECONDITION', details: { reason: 'unsafe_directory' } };
  await expect(claimDirectory(dir.at('wide'), uid)).rejects.toMatchObject(unsafe);
  await expect(claimDirectory(dir.at('link'), uid)).rejects.toMatchObject(unsafe);
  await expect(claimDirectory(dir.at('made', 'deep'), uid + 1)).rejects.toMatchObject(unsafe);
  await claimDirectory(dir.at('other', 'deep'), uid);
  expect(statSync(dir.at('other', 'deep')).mode & 0o777).toBe(0o700);
});
