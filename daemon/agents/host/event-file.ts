// The memory of a host: numbered events in a file, one JSON a line. What is told was written before.
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { type HostEvent, HostEventLine } from './protocol.ts';

export type NewHostEvent = HostEvent extends infer E ? (E extends HostEvent ? Omit<E, 'seq' | 'at'> : never) : never;

export interface EventFile {
  readonly lastSeq: number;
  /** What the file held when it was opened. */
  readonly former: readonly HostEvent[];
  /** `sync`: it is on the disk before this returns. */
  append(event: NewHostEvent, sync?: boolean): HostEvent;
  since(seq: number): HostEvent[];
  close(): void;
}

export function openEventFile(path: string, now: () => number): EventFile {
  const former = readEvents(path, 0);
  const fd = openSync(path, 'a', 0o600);
  const kept: HostEvent[] = [...former];
  // Half a line is what a host left that was killed while it wrote.
  ftruncateSync(fd, wholeBytes(path));
  return {
    former,
    get lastSeq() {
      return kept.at(-1)?.seq ?? 0;
    },
    append(event, sync = false) {
      const whole = { seq: (kept.at(-1)?.seq ?? 0) + 1, at: now(), ...event } as HostEvent;
      writeSync(fd, `${JSON.stringify(whole)}\n`);
      if (sync) fdatasyncSync(fd);
      kept.push(whole);
      return whole;
    },
    since: (seq) => kept.slice(firstAfter(kept, seq)),
    close: () => closeSync(fd),
  };
}

/** What a host left, whether it lives or not. Lines that are no events are passed over. */
export function readEvents(path: string, since: number): HostEvent[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line): HostEvent[] => {
    const { data } = HostEventLine.safeParse(parsedOr(line));
    return data === undefined || data.seq <= since ? [] : [data as HostEvent];
  });
}

function firstAfter(events: readonly HostEvent[], seq: number): number {
  const first = events[0]?.seq ?? 1;
  return Math.max(0, seq - first + 1);
}

function parsedOr(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function wholeBytes(path: string): number {
  if (statSync(path).size === 0) return 0;
  return readFileSync(path).lastIndexOf(10) + 1;
}
