// The memory of a daemon without its garbage: Node's own inspector, which every process opens on SIGUSR1, collects it first.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { WebSocket } from 'ws';
import { until } from '../helpers/until.ts';

export interface Inspector extends AsyncDisposable {
  /** Bytes of the heap that are in use, after a full collection. */
  liveHeapBytes(): Promise<number>;
  /** Timers that will fire, those included that keep no loop alive. */
  activeTimers(): Promise<number>;
}

const timerPrototype = '(() => { const one = setTimeout(() => {}, 0); clearTimeout(one); return Object.getPrototypeOf(one); })()';
const countActive = 'function () { return this.filter((timer) => timer._destroyed === false).length; }';

/** The process must have been started with --inspect-port=127.0.0.1:0. */
export async function openInspector(pid: number): Promise<Inspector> {
  const before = listeningPorts(pid);
  process.kill(pid, 'SIGUSR1');
  const port = await until('the inspector to listen', () => listeningPorts(pid).find((one) => !before.includes(one)));
  const [{ webSocketDebuggerUrl }] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as [
    { webSocketDebuggerUrl: string },
  ];
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let id = 0;
  const call = (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      id += 1;
      const own = id;
      socket.on('message', function take(data) {
        const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> };
        if (message.id !== own) return;
        socket.off('message', take);
        resolve(message.result ?? {});
      });
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  return {
    async liveHeapBytes() {
      await call('HeapProfiler.collectGarbage');
      return Number((await call('Runtime.getHeapUsage')).usedSize);
    },
    async activeTimers() {
      const { result: prototype } = (await call('Runtime.evaluate', { expression: timerPrototype })) as { result: RemoteObject };
      const query = { prototypeObjectId: prototype.objectId };
      const { objects } = (await call('Runtime.queryObjects', query)) as { objects: RemoteObject };
      const count = { objectId: objects.objectId, functionDeclaration: countActive, returnByValue: true };
      const { result } = (await call('Runtime.callFunctionOn', count)) as { result: { value: number } };
      return result.value;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        socket.once('close', () => resolve());
        socket.close();
      }),
  };
}

interface RemoteObject {
  readonly objectId: string;
}

/** Ports on loopback that the process itself listens on: its sockets, looked up in the table of the kernel. */
function listeningPorts(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === '0A' && inodes.has(inode) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
}
