// How much work a task is: a word, else points, else a duration.
import type { EffortSource, TaskEffort } from '../../../schemas/plan.ts';
import { squeezed } from './text.ts';

export interface Effort {
  readonly effort: TaskEffort;
  readonly effortSource: EffortSource;
  readonly estimateHours: number | null;
}

interface Amount {
  readonly value: number;
  readonly unit: string;
  readonly start: number;
  readonly end: number;
}

const effortChars = 200;

const words: ReadonlyMap<string, TaskEffort> = new Map([
  ...['trivial', 'tiny', 'xs', 's', 'small', 'low', 'simple'].map((word) => [word, 'small'] as const),
  ...['m', 'medium', 'moderate'].map((word) => [word, 'medium'] as const),
  ...['l', 'xl', 'large', 'big', 'major', 'huge', 'high', 'complex'].map((word) => [word, 'large'] as const),
]);

const hoursOf: ReadonlyMap<string, number> = new Map([
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((unit) => [unit, 1 / 60] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((unit) => [unit, 1] as const),
  ...['d', 'day', 'days'].map((unit) => [unit, 8] as const),
  ...['w', 'wk', 'wks', 'week', 'weeks'].map((unit) => [unit, 40] as const),
]);

const pointUnits: ReadonlySet<string> = new Set(['pt', 'pts', 'point', 'points', 'sp', 'story']);
const fillers: ReadonlySet<string> = new Set(['effort', 'size', 'estimate', 'about', 'approx', 'to', 'and', 'points']);

/** undefined for a text that tells none. */
export function readEffort(text: string): Effort | undefined {
  const lower = squeezed(text, effortChars).toLowerCase();
  const amounts = amountsIn(lower);
  const hours = hoursIn(lower, amounts);
  const estimateHours = hours === undefined ? null : Math.round(hours * 100) / 100;
  const word = wordsIn(lower).find((one) => words.has(one));
  if (word !== undefined) return { effort: words.get(word) as TaskEffort, effortSource: 'explicit', estimateHours };
  const points = pointsIn(lower, amounts);
  if (points !== undefined) return { effort: sizeOfPoints(points), effortSource: 'points', estimateHours };
  return hours === undefined ? undefined : { effort: sizeOfHours(hours), effortSource: 'duration', estimateHours };
}

/** True when a text is an effort and nothing else: `S`, `~2h`, `3 pts`. A number alone could be anything. */
export function isEffort(text: string): boolean {
  if (text.length > 40 || !/[a-z]/i.test(text) || readEffort(text) === undefined) return false;
  const lower = text.toLowerCase();
  const known = (word: string) => words.has(word) || hoursOf.has(word) || pointUnits.has(word) || fillers.has(word);
  return /^[a-z0-9 .,~:–—-]+$/.test(lower) && [...lower.matchAll(/[a-z]+/g)].every(([word]) => known(word));
}

function sizeOfPoints(points: number): TaskEffort {
  return points <= 2 ? 'small' : points < 6 ? 'medium' : 'large';
}

function sizeOfHours(hours: number): TaskEffort {
  return hours <= 4 ? 'small' : hours <= 12 ? 'medium' : 'large';
}

/** Words that are no unit of the number before them. */
function wordsIn(lower: string): string[] {
  return [...lower.matchAll(/(\d ?)?([a-z]+)/g)].filter(([, number]) => number === undefined).map(([, , word = '']) => word);
}

function amountsIn(lower: string): Amount[] {
  return [...lower.matchAll(/(\d{1,6}(?:\.\d{1,3})?) ?([a-z]{0,10})/g)].map(({ 0: all, 1: value, 2: unit = '', index }) => ({
    value: Number(value),
    unit,
    start: index,
    end: index + all.length,
  }));
}

function pointsIn(lower: string, amounts: readonly Amount[]): number | undefined {
  const named = amounts.find(({ unit }) => pointUnits.has(unit));
  const isNumber = /^~? ?[\d.]+(?: ?[-–—] ?[\d.]+)?$/.test(lower);
  return named?.value ?? (isNumber ? amounts.at(-1)?.value : undefined);
}

/** The first duration: its upper end when it is a range, and with the smaller units that follow it. */
function hoursIn(lower: string, amounts: readonly Amount[]): number | undefined {
  const from = amounts.findIndex(({ unit }) => hoursOf.has(unit));
  let last = amounts[from];
  if (last === undefined) return undefined;
  let hours = inHours(last);
  for (const next of amounts.slice(from + 1)) {
    const unit = hoursOf.get(next.unit);
    const between = lower.slice(last.end, next.start).trim();
    if (unit === undefined) break;
    if (['-', '–', '—', 'to'].includes(between)) hours = inHours(next);
    else if (['', 'and', ','].includes(between) && unit < (hoursOf.get(last.unit) ?? 0)) hours += inHours(next);
    else break;
    last = next;
  }
  return hours;
}

function inHours({ value, unit }: Amount): number {
  return value * (hoursOf.get(unit) ?? 0);
}
