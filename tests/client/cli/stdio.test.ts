import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon } from '../helpers/fake-daemon.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

test('stdio lets a program speak to the daemon over its stdin and stdout', async () => {
  await using daemon = await FakeDaemon.started();
  const input = '{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n';
  const { code, stdout, stderr } = await cli.run(['stdio'], { env: daemon.env, input });
  expect(JSON.parse(stdout)).toEqual({ jsonrpc: '2.0', id: 1, result: { pid: process.pid } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('stdio passes bytes on as they are, also many and slowly read', async () => {
  await using daemon = new FakeDaemon();
  mkdirSync(join(daemon.home, 'run'));
  const connections: Socket[] = [];
  const bytes = randomBytes(3_000_000);
  // Says hello to the first connection, and echoes what comes on the second.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket);
    if (connections.length > 1) socket.pipe(socket);
    else socket.once('data', () => socket.write('{"jsonrpc":"2.0","id":1,"result":{}}\n'));
  });
  await new Promise<void>((resolve) => server.listen(daemon.socketPath, resolve));
  const running = cli.start(['stdio'], { env: daemon.env, keepStdin: true });
  const got: Buffer[] = [];
  const decoder = running.child.stdout.removeAllListeners('data');
  decoder.setEncoding('latin1');
  decoder.on('data', (text: string) => {
    got.push(Buffer.from(text, 'latin1'));
  });
  running.child.stdin.end(bytes);
  expect((await running.done).code).toBe(0);
  expect(Buffer.concat(got).equals(bytes)).toBe(true);
  for (const socket of connections) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('stdio ends when the daemon goes away', async () => {
  await using daemon = await FakeDaemon.started();
  const running = cli.start(['stdio'], { env: daemon.env, keepStdin: true });
  running.child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n');
  await running.printed('"id":1');
  await daemon.stop();
  expect(await running.done).toMatchObject({ code: 0, stderr: '' });
});

test('stdio exits with 69 and one line when there is no daemon', async () => {
  await using daemon = new FakeDaemon();
  const { code, stdout, stderr } = await cli.run(['stdio'], { env: daemon.env });
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toMatch(/^coppice: No daemon answers on [^\n]+\n$/);
});
