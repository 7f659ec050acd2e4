// Scopes: units of the user's service manager around programs that it did not start itself. Where the daemon is a service, what must outlive
// it runs in one, since the manager ends with a service whatever is in its control group.
import { readFile } from 'node:fs/promises';

/** All scopes of ours are in it. */
export const scopeSlice = 'coppice.slice';

export interface ScopeBounds {
  /** As systemd writes it: 2G, 512M, 50%. */
  readonly memoryMax?: string | undefined;
  /** Of one processor, so 150% is one and a half. */
  readonly cpuQuota?: string | undefined;
}

/** What a program is started by. The words become the program itself: its pid and its terminal are those that it would have had. */
export function scopeArgv(id: string, runtimeDir: string, { memoryMax, cpuQuota }: ScopeBounds): [string, ...string[]] {
  const bounds = [memoryMax === undefined ? [] : [`MemoryMax=${memoryMax}`], cpuQuota === undefined ? [] : [`CPUQuota=${cpuQuota}`]].flat();
  return [
    ...(['env', `XDG_RUNTIME_DIR=${runtimeDir}`, 'systemd-run', '--user', '--scope', '--quiet', '--collect', '--no-ask-password'] as const),
    ...[`--slice=${scopeSlice}`, `--description=coppice ${id}`, ...bounds.map((bound) => `--property=${bound}`), '--'],
  ];
}

/** Living processes of a control group, as `/proc/PID/cgroup` names it. None: it is gone. */
export async function processesIn(cgroup: string): Promise<number[]> {
  const text = (await readOf(cgroup, 'cgroup.procs')) ?? '';
  return text.split('\n').filter(Boolean).map(Number);
}

export interface ScopeUsage {
  readonly memoryBytes?: number;
  readonly cpuMs: number;
  readonly processes: number;
}

/** undefined: it is gone. */
export async function usageOf(cgroup: string): Promise<ScopeUsage | undefined> {
  const [cpu, memory, processes] = await Promise.all([readOf(cgroup, 'cpu.stat'), readOf(cgroup, 'memory.current'), processesIn(cgroup)]);
  const usec = /^usage_usec (\d+)$/m.exec(cpu ?? '')?.[1];
  if (usec === undefined) return undefined;
  // Some machines count no memory for users.
  const bytes = memory === undefined ? {} : { memoryBytes: Number(memory) };
  return { ...bytes, cpuMs: Math.round(Number(usec) / 1_000), processes: processes.length };
}

/** A control group goes away with its last process, and a machine may have none at all. */
function readOf(cgroup: string, file: string): Promise<string | undefined> {
  return readFile(`/sys/fs/cgroup${cgroup}/${file}`, 'utf8').catch(() => undefined);
}
