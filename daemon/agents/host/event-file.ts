// The memory of a host: numbered events in a file, one JSON a line. What is told was written before.
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { limits } from '../../../schemas/limits.ts';
import { type HostEvent, HostEventLine } from './protocol.ts';

export type NewHostEvent = HostEvent extends infer E ? (E extends HostEvent ? Omit<E, 'seq' | 'at'> : never) : never;

export interface EventFile {
  readonly lastSeq: number;
  /** `sync`: it is on the disk before this returns. */
  append(event: NewHostEvent, sync?: boolean): HostEvent;
  /** The late ones from memory, former ones from the file as far as they are asked for. */
  since(seq: number): Iterable<HostEvent>;
  close(): void;
}

interface Line {
  /** undefined: the line is no event. */
  readonly event: HostEvent | undefined;
  readonly offset: number;
  readonly sizeBytes: number;
}

const chunkBytes = 64 * 1024;
const lineFeed = 10;
/** A place in the file is remembered once in so many events. */
const markEvery = 200;

/** `onFormer` gets what the file held. */
export function openEventFile(path: string, now: () => number, onFormer: (event: HostEvent) => void): EventFile {
  const fd = openSync(path, 'a+', 0o600);
  const marks: { seq: number; offset: number }[] = [];
  let recent: { event: HostEvent; sizeBytes: number }[] = [];
  let recentBytes = 0;
  let lastSeq = 0;
  let endOffset = 0;

  const remember = (event: HostEvent, sizeBytes: number): void => {
    if (marks.length === 0 || event.seq % markEvery === 0) marks.push({ seq: event.seq, offset: endOffset });
    lastSeq = event.seq;
    endOffset += sizeBytes;
    recent.push({ event, sizeBytes });
    recentBytes += sizeBytes;
    if (recentBytes <= limits.hostRecentBytes) return;
    let gone = 0;
    while (recentBytes > limits.hostRecentBytes / 2) recentBytes -= recent[gone++]?.sizeBytes ?? recentBytes;
    recent = recent.slice(gone);
  };
  for (const { event, sizeBytes } of linesFrom(fd, 0)) {
    if (event) {
      remember(event, sizeBytes);
      onFormer(event);
    } else endOffset += sizeBytes;
  }
  // Half a line is what a host left that was killed while it wrote.
  ftruncateSync(fd, endOffset);
  return {
    get lastSeq() {
      return lastSeq;
    },
    append(event, sync = false) {
      const whole = { seq: lastSeq + 1, at: now(), ...event } as HostEvent;
      const line = Buffer.from(`${JSON.stringify(whole)}\n`);
      for (let from = 0; from < line.length; ) from += writeSync(fd, line, from);
      if (sync) fdatasyncSync(fd);
      remember(whole, line.length);
      return whole;
    },
    *since(seq) {
      let at = recent.length;
      while (at > 0 && (recent[at - 1]?.event.seq ?? 0) > seq) at -= 1;
      if (at > 0 || seq + 1 >= (recent[0]?.event.seq ?? lastSeq + 1)) {
        for (const { event } of recent.slice(at)) yield event;
        return;
      }
      const mark = marks.findLast((one) => one.seq <= seq + 1);
      for (const { event } of linesFrom(fd, mark?.offset ?? 0)) if (event && event.seq > seq) yield event;
    },
    close: () => closeSync(fd),
  };
}

/** What a host left, whether it lives or not. Lines that are no events are passed over. */
export function readEvents(path: string, since: number): HostEvent[] {
  return [...createEventReader(path)(since)];
}

/** The same again and again: whoever follows a file, or reads it in pages, reads only a little of what it has read before. */
export function createEventReader(path: string): (since: number) => Generator<HostEvent> {
  /** All before an offset has a number up to its `seq`. */
  const marks = [{ seq: 0, offset: 0 }];
  return function* (since) {
    const fd = openIfThere(path);
    if (fd === undefined) return;
    try {
      for (const { event, offset, sizeBytes } of linesFrom(fd, marks.findLast(({ seq }) => seq <= since)?.offset ?? 0)) {
        if (!event) continue;
        if (event.seq >= (marks.at(-1)?.seq ?? 0) + markEvery) marks.push({ seq: event.seq, offset: offset + sizeBytes });
        if (event.seq > since) yield event;
      }
    } finally {
      closeSync(fd);
    }
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole lines from a place on. */
function* linesFrom(fd: number, start: number): Generator<Line> {
  const chunk = Buffer.alloc(chunkBytes);
  let parts: Buffer[] = [];
  let offset = start;
  for (let position = start; ; ) {
    const count = readSync(fd, chunk, 0, chunkBytes, position);
    if (count === 0) return;
    position += count;
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1 && at < count; at = chunk.indexOf(lineFeed, from)) {
      const bytes = Buffer.concat([...parts, chunk.subarray(from, at + 1)]);
      yield { event: eventOf(bytes.toString('utf8')), offset, sizeBytes: bytes.length };
      parts = [];
      offset += bytes.length;
      from = at + 1;
    }
    if (from < count) parts.push(Buffer.from(chunk.subarray(from, count)));
  }
}

function eventOf(line: string): HostEvent | undefined {
  try {
    return HostEventLine.safeParse(JSON.parse(line)).data as HostEvent | undefined;
  } catch {
    return undefined;
  }
}
