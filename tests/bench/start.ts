// A daemon from the start of its process until its first answer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { daemonCommand, type Home } from '../helpers/real-daemon.ts';
import { connectLines, type LineClient } from './line-client.ts';

const pollMs = 2;

/** In milliseconds; the daemon is stopped in order afterwards. */
export async function startToReady(home: Home): Promise<number> {
  const startedAt = performance.now();
  const [node = process.execPath, ...words] = daemonCommand;
  const child = spawn(node, words, { cwd: '/', env: home.env(), stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    const client = await firstConnection(home.socketPath, () => child.exitCode);
    await client.call('daemon.hello', { protocolVersion: 1 });
    const ms = performance.now() - startedAt;
    client.close();
    return ms;
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

async function firstConnection(socketPath: string, exitCode: () => number | null): Promise<LineClient> {
  for (;;) {
    try {
      return await connectLines(socketPath);
    } catch (cause) {
      if (exitCode() !== null) throw new Error(`the daemon ended with ${exitCode()} before it answered`, { cause });
      await delay(pollMs);
    }
  }
}
