import { randomFillSync } from 'node:crypto';
import { decodeTime, monotonicFactory } from 'ulid';
import type { Clock } from './clock.ts';

export type IdPrefix =
  | ('prj' | 'ses' | 'stp' | 'wt' | 'trm' | 'art' | 'lea' | 'sch' | 'grp' | 'tok')
  | ('spt' | 'rev' | 'cmt' | 'imp' | 'wks' | 'ins' | 'thr' | 'prm' | 'per' | 'msg' | 'dlv' | 'val' | 'att')
  | ('dec' | 'flw' | 'sub' | 'call' | 'boot');

export interface Ids {
  /** `<prefix>_<26 characters>`: unique, and sortable by the moment it was made. */
  next(prefix: IdPrefix): string;
  /** `length` characters of [0-9a-z] nobody can guess. */
  random(length: number): string;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/** All that it makes sort after `newest`, an id of a former daemon, also when the clock was put back since. */
export function createIds(clock: Clock, newest?: string): Ids {
  const nextByte = randomSource();
  const ulid = monotonicFactory(() => nextByte() / 256);
  // One millisecond on: within one the random part decides.
  const floorMs = newest === undefined ? 0 : decodeTime(newest.slice(newest.indexOf('_') + 1).toUpperCase()) + 1;
  const random = (length: number): string => {
    let text = '';
    while (text.length < length) {
      const byte = nextByte();
      // 252 is the largest multiple of 36 in a byte: what lies above would favour the first letters.
      if (byte < 252) text += alphabet[byte % 36];
    }
    return text;
  };
  return { next: (prefix) => `${prefix}_${ulid(Math.max(floorMs, clock.now())).toLowerCase()}`, random };
}

const drawnBytes = 4096;

/** Bytes nobody can guess, drawn by the thousand: asking for them costs as much for one. Each is given once, and not kept. */
function randomSource(): () => number {
  const pool = new Uint8Array(drawnBytes);
  let left = 0;
  return () => {
    if (left === 0) {
      randomFillSync(pool);
      left = pool.length;
    }
    left -= 1;
    const byte = pool[left] as number;
    pool[left] = 0;
    return byte;
  };
}
