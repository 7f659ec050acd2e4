import { labelPattern } from './label.ts';
import type { Line } from './lines.ts';

/** A part of the plan that stands below a heading `Phase|Stage|Milestone N`. */
export interface Phase {
  /** The whole heading. */
  readonly heading: string;
  readonly level: number;
  readonly label: string;
  readonly title: string;
  readonly line: number;
}

const pattern = new RegExp(String.raw`^(?:phase|stage|milestone)\s{1,8}#?(${labelPattern})(?:\s{0,8}[:.)\-–—]+\s{0,8}|\s{1,8}|$)`, 'i');

/** The title of the document, a heading of level 1, is no phase. */
export function phaseOf({ heading, number }: Line): Phase | undefined {
  const found = heading && heading.level > 1 ? pattern.exec(heading.text) : null;
  if (!heading || found === null) return undefined;
  const [{ length }, label = ''] = found;
  return { heading: heading.text, level: heading.level, label, title: heading.text.slice(length).trim(), line: number };
}

/** Walked along the lines, tells the phase that each of them stands in. */
export function createPhaseWalk(): (line: Line) => Phase | undefined {
  let current: Phase | undefined;
  return (line) => {
    const begins = phaseOf(line);
    if (begins) current = begins;
    else if (line.heading && current && line.heading.level <= current.level) current = undefined;
    return current;
  };
}
