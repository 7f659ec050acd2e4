// Facts about processes, read from /proc and never by a spawn. Processes come and go while it reads, and some belong to others: what
// cannot be read is not there.
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import {
  createProcessTable,
  descendantsIn,
  markedIn,
  type Processes,
  type ProcessStat,
  type SessionMarker,
  statNow,
  statOf,
} from './process-table.ts';

export interface ProcessInfo {
  readonly pid: number;
  readonly command: string;
}

/** The same functions as one thing to pass on, so that tests can stand in for it. */
export interface Proc {
  isAlive(pid: number, startTime?: number): Promise<boolean>;
  startTimeOf(pid: number): Promise<number | undefined>;
  findMarked(marker: SessionMarker): Promise<number[]>;
  descendantsOf(pid: number): Promise<number[]>;
  processesInside(dirPath: string): Promise<ProcessInfo[]>;
}

export function createProc(): Proc {
  return { isAlive, startTimeOf, findMarked, descendantsOf, processesInside: (dirPath) => processesInside(dirPath) };
}

/** True while the process lives; a zombie is dead, and with a start time so is a newer process of the same pid. */
export async function isAlive(pid: number, startTime?: number): Promise<boolean> {
  return lives(await readStat(pid), startTime);
}

/** The same at once, for many that are asked about again and again. */
export function isAliveNow(pid: number, startTime?: number): boolean {
  return lives(statNow(pid), startTime);
}

const lives = (stat: ProcessStat | undefined, startTime: number | undefined): boolean =>
  stat !== undefined && !stat.dead && (startTime === undefined || stat.startTime === startTime);

/** Clock ticks from boot to the start of the process: with the pid it names a process for good. */
export async function startTimeOf(pid: number): Promise<number | undefined> {
  return (await readStat(pid))?.startTime;
}

/** The machine has one, so there is one for all who ask. */
const table = createProcessTable();

/** All living processes, in a look that begins after the call and is shared with whoever else asks. */
export const lookAtAll = (): Promise<Processes> => table.look();

/** Living processes that were started with the marks of a session (and step) in their environment, also those that left its group. */
export async function findMarked(marker: SessionMarker): Promise<number[]> {
  return markedIn(await table.look(), marker);
}

/** Living children, their children and so on, without the process itself. */
export async function descendantsOf(pid: number): Promise<number[]> {
  return descendantsIn(await table.look(), pid);
}

/** In the environment of programs of ours that only look: they change nothing, and end by themselves. */
export const lookingMark = { COPPICE_ONLY_LOOKS: '1' } as const;

/** Processes, other than this one and those that only look for it, whose working directory is the folder or lies below it. */
export async function processesInside(dirPath: string, ownPid: number = process.pid): Promise<ProcessInfo[]> {
  const first = await findInside(dirPath, ownPid);
  if (first.length === 0) return first;
  // A program that is just being started has no environment of its own yet.
  const again = await findInside(dirPath, ownPid);
  return first.filter(({ pid }) => again.some((other) => other.pid === pid));
}

async function findInside(dirPath: string, ownPid: number): Promise<ProcessInfo[]> {
  // The kernel tells a working directory without symlinks.
  const dir = await realpath(dirPath).catch(() => dirPath);
  const below = dir.endsWith('/') ? dir : `${dir}/`;
  return mapProcesses(async (pid) => {
    if (pid === ownPid) return undefined;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (cwd === undefined || (cwd !== dir && !cwd.startsWith(below))) return undefined;
    if (await onlyLooks(pid)) return undefined;
    const stat = await readStat(pid);
    return stat && !stat.dead ? { pid, command: (await commandOf(pid)) ?? stat.name } : undefined;
  });
}

async function onlyLooks(pid: number): Promise<boolean> {
  const environment = (await readOrNothing(`/proc/${pid}/environ`, 'latin1')) ?? '';
  return Object.entries(lookingMark).every(([name, value]) => environment.split('\0').includes(`${name}=${value}`));
}

// Few at a time: each read holds one of libuv's four threads, which the rest of the daemon needs too.
const readsAtOnce = 8;

async function mapProcesses<T>(look: (pid: number) => Promise<T | undefined>): Promise<T[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: T[] = [];
  const worker = async () => {
    for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
      const result = await look(pid);
      if (result !== undefined) found.push(result);
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, worker));
  return found;
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  return statOf(await readOrNothing(`/proc/${pid}/stat`, 'latin1'));
}

async function commandOf(pid: number): Promise<string | undefined> {
  const text = await readOrNothing(`/proc/${pid}/cmdline`, 'utf8');
  return text?.replaceAll('\0', ' ').trim().slice(0, 200) || undefined;
}

async function readOrNothing(path: string, encoding: 'utf8' | 'latin1'): Promise<string | undefined> {
  return readFile(path, encoding).catch(() => undefined);
}
