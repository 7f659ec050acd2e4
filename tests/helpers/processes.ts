// What really runs on this machine, read from /proc and not from the daemon.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** True while the process lives; a zombie is dead. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Living processes that have the text in their environment, command line or working directory, without this one. */
export function processesWith(text: string): FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    if (`${command}\n${read(`/proc/${pid}/environ`)}\n${workingDirectory(pid)}`.includes(text)) found.push({ pid, command });
  }
  return found;
}

/** The processes whose parent it is. */
export function childrenOf(pid: number): FoundProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const child = Number(name);
    return parent === pid && isAlive(child) ? [{ pid: child, command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() }] : [];
  });
}

/** Memory of a process as the kernel counts it, now. */
export function rssMiB(pid: number): number {
  return memoryMiB(pid, 'VmRSS');
}

/** The most it ever had. */
export function peakRssMiB(pid: number): number {
  return memoryMiB(pid, 'VmHWM');
}

function memoryMiB(pid: number, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no ${name}; it has ended`);
  return Number(kib) / 1024;
}

/** All command lines of the machine, as anybody can see them. */
export function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(`/proc/${pid}/cmdline`))
    .join('\n');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Sends a signal; a process that is gone already needs none. */
export function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
