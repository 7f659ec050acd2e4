import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';
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

export function createIds(clock: Clock): Ids {
  const ulid = monotonicFactory();
  const random = (length: number): string => {
    let text = '';
    while (text.length < length) {
      // 252 is the largest multiple of 36 in a byte: what lies above would favour the first letters.
      for (const byte of randomBytes(length * 2)) if (byte < 252 && text.length < length) text += alphabet[byte % 36];
    }
    return text;
  };
  return { next: (prefix) => `${prefix}_${ulid(clock.now()).toLowerCase()}`, random };
}
