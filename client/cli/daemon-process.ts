// Bringing the process of the daemon up and down, and waiting until that is so.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../client.ts';
import { isRpcClientError, RpcClientError } from '../client-error.ts';
import type { Hello } from '../dial.ts';
import { locate } from '../locate.ts';
import type { Cli } from './context.ts';

type Identity = Hello['daemon'];

/** Longer than any drain that the configuration allows. */
const stopMs = 90_000;
const pollMs = 15;

export async function bringUp(cli: Cli): Promise<{ identity: Identity; started: boolean }> {
  const running = await connectIfUp(cli);
  if (running !== undefined) return { identity: running.hello.daemon, started: false };
  // Asked for by name, so a setting that forbids starting as a side effect does not count.
  const { COPPICE_NO_AUTOSTART: _ignored, ...env } = cli.env;
  const { connect } = await import('../connect.ts');
  const client = await connect({ env, autoStart: true, clientName: 'coppice', socketPath: cli.socketPath });
  const identity = client.hello.daemon;
  await client.close();
  return { identity, started: true };
}

/** The daemon that was stopped, once its process is gone and its lock with it; undefined when none ran. */
export async function takeDown(cli: Cli): Promise<Identity | undefined> {
  const client = await connectIfUp(cli);
  if (client === undefined) return undefined;
  const { daemon } = client.hello;
  try {
    await client.daemon.stop({ reason: 'coppice daemon stop' });
  } catch (error) {
    // It may be gone before its answer has left.
    if (!isRpcClientError(error)) throw error;
  }
  const begun = performance.now();
  while (isAlive(daemon.pid)) {
    if (performance.now() - begun > stopMs) {
      throw new RpcClientError('TIMEOUT', `The daemon (pid ${daemon.pid}) has not ended after ${stopMs / 1000} s; see its log.`);
    }
    await delay(pollMs);
  }
  return daemon;
}

async function connectIfUp(cli: Cli): Promise<Client | undefined> {
  try {
    return await cli.connect({ autoStart: false, anyProtocol: true });
  } catch (error) {
    if (isRpcClientError(error) && error.code === 'NOT_CONNECTED') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Ended, and only waits for its parent to notice: its lock and sockets are gone. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

export function locationsOf(cli: Cli): ReturnType<typeof locate> {
  return locate({ env: cli.env, home: cli.env.HOME ?? homedir(), socketPath: cli.socketPath });
}
