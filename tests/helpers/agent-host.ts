// The agent host as a program of its own, with a client that remembers all events.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostEvent, HostEventKind } from '../../daemon/agents/host/protocol.ts';
import { connectHost, type HostClient } from '../../daemon/agents/host-client.ts';
import { packageRoot } from './package-root.ts';
import { until } from './until.ts';

export const hostProgram = join(packageRoot, 'dist', 'daemon', 'agents', 'host', 'main.js');

export interface TestHost extends AsyncDisposable {
  readonly dir: string;
  readonly pid: number;
  readonly client: HostClient;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  /** All that it told, in order. */
  readonly events: readonly HostEvent[];
  /** What it showed in its pane. */
  transcript(): string;
  /** The nth event of a kind that comes, counted from 0. */
  event<K extends HostEventKind>(kind: K, nth?: number): Promise<Extract<HostEvent, { kind: K }>>;
}

/** On a new directory, or on the one that a former host left. */
export async function startTestHost(former?: string): Promise<TestHost> {
  // /tmp, not $TMPDIR: the path of a socket is short.
  const dir = former ?? mkdtempSync('/tmp/cop-host-');
  const child = spawn(process.execPath, [hostProgram, '--dir', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (shown += chunk.toString('utf8')));
  const events: HostEvent[] = [];
  const client = await until('the agent host to answer', () => connectHost({ dir, since: 0, onEvent: (event) => void events.push(event) }));
  return {
    dir,
    pid: child.pid as number,
    exited,
    client,
    events,
    transcript: () => shown,
    event: (kind, nth = 0) =>
      until(`event ${nth} of ${kind}; there are: ${kinds(events)}`, () => events.filter((event) => event.kind === kind)[nth] as never),
    async [Symbol.asyncDispose]() {
      // It ends its agents, and then itself.
      child.kill('SIGTERM');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function kinds(events: readonly HostEvent[]): string {
  return events.map(({ kind }) => kind).join(', ');
}
