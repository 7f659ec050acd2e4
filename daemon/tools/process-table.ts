// All processes of the machine, seen in one look for everybody who asks meanwhile: a hundred terminals that end in one moment cost no more
// than one. A process whose program is still the same is not asked for its environment again.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate, setTimeout } from 'node:timers/promises';

export interface ProcessStat {
  readonly name: string;
  readonly dead: boolean;
  readonly parent: number;
  readonly startTime: number;
  /** Tells one program that a process ran from the next: where the kernel put its words and its environment. Absent while it changes. */
  readonly image: string | undefined;
  /** A thread of the kernel, or a process whose environment is not for us. */
  readonly closed: boolean;
}

export interface SeenProcess extends Pick<ProcessStat, 'parent' | 'startTime'> {
  readonly pid: number;
  /** The variables of its environment that tell its session and step, as NAME=VALUE. */
  readonly marks: readonly string[];
}

/** Living ones, by pid. */
export type Processes = ReadonlyMap<number, SeenProcess>;

export interface ProcessTable {
  /** The look begins after the call. */
  look(): Promise<Processes>;
}

export interface SessionMarker {
  readonly sessionId: string;
  /** `any`: of whatever step, but not the shell of the terminal. Absent: all of the session. */
  readonly stepIndex?: number | 'any' | undefined;
}

interface Known {
  readonly image: string;
  readonly marks: readonly string[];
}

/** So many are looked at in one turn of the loop: half a millisecond. */
const aTurn = 32;
const readsAtOnce = 4;
/** After a look nobody looks for a while, a millisecond for so many processes: a look takes a tenth of that or less. */
const restPerMs = 3;

export function createProcessTable(): ProcessTable {
  let known = new Map<number, Known>();
  let waiting: Promise<Processes> | undefined;
  let rested: Promise<unknown> = Promise.resolve();

  async function lookNow(): Promise<Processes> {
    const seen = new Map<number, SeenProcess>();
    const unknown: { readonly pid: number; readonly stat: ProcessStat }[] = [];
    const still = new Map<number, Known>();
    let looks = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      if (++looks % aTurn === 0) await setImmediate();
      const stat = statNow(pid);
      if (stat === undefined || stat.dead) continue;
      const before = known.get(pid);
      const isSame = before !== undefined && before.image === stat.image;
      if (isSame) still.set(pid, before);
      else if (!stat.closed) unknown.push({ pid, stat });
      seen.set(pid, { pid, parent: stat.parent, startTime: stat.startTime, marks: isSame ? before.marks : none });
    }
    const worker = async (): Promise<void> => {
      for (let next = unknown.pop(); next !== undefined; next = unknown.pop()) {
        const { pid, stat } = next;
        const marks = await marksOf(pid);
        if (stat.image !== undefined && marks !== undefined) still.set(pid, { image: stat.image, marks });
        seen.set(pid, { pid, parent: stat.parent, startTime: stat.startTime, marks: marks ?? none });
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, worker));
    known = still;
    return seen;
  }

  return {
    look() {
      waiting ??= rested.then(() => {
        const mine = lookNow();
        waiting = undefined;
        rested = mine.then(
          (seen) => setTimeout(seen.size / restPerMs),
          () => undefined,
        );
        return mine;
      });
      return waiting;
    },
  };
}

const none: readonly string[] = [];
const ofSession = 'COPPICE_SESSION_ID=';
const ofStep = 'COPPICE_STEP_INDEX=';

/** undefined: it is gone, or could not be read at this moment. */
async function marksOf(pid: number): Promise<readonly string[] | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => undefined);
  if (environment === undefined) return undefined;
  if (!environment.includes(ofSession)) return none;
  return environment.split('\0').filter((pair) => pair.startsWith(ofSession) || pair.startsWith(ofStep));
}

/** Those that were started with the marks of a session (and step) in their environment. */
export function markedIn(processes: Processes, { sessionId, stepIndex }: SessionMarker): number[] {
  const isOfStep = (pair: string): boolean => (stepIndex === 'any' ? pair.startsWith(ofStep) : pair === `${ofStep}${stepIndex}`);
  return [...processes.values()]
    .filter(({ marks }) => marks.includes(`${ofSession}${sessionId}`) && (stepIndex === undefined || marks.some(isOfStep)))
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);
}

/** Children, their children and so on, without the process itself. */
export function descendantsIn(processes: Processes, pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const { pid: child, parent } of processes.values()) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(child);
    else children.set(parent, [child]);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/** Of the text of /proc/PID/stat. */
export function statOf(text: string | undefined): ProcessStat | undefined {
  if (text === undefined) return undefined;
  // The name stands in parentheses and may hold any character, also a closing one.
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const state = fields[0] ?? '';
  const places = fields.slice(45, 49);
  return {
    name: text.slice(text.indexOf('(') + 1, close),
    dead: state === 'Z' || state === 'X',
    parent: Number(fields[1]),
    startTime: Number(fields[19]),
    image: (places[3] ?? '0') === '0' ? undefined : `${fields[19]} ${places.join(' ')}`,
    // Where its code begins: 0 for who has none, 1 for who may not know.
    closed: fields[23] === '0' || fields[23] === '1',
  };
}

/** Without a turn of the loop: for many processes that are looked at again and again. */
export function statNow(pid: number): ProcessStat | undefined {
  return statOf(readOrNothing(`/proc/${pid}/stat`));
}

// One for all looks, which never wait while they read: readFileSync would make one of 64 KiB for each process.
const room = Buffer.allocUnsafe(4096);

function readOrNothing(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return room.toString('latin1', 0, readSync(file, room, 0, room.length, 0));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
