import type { Line } from '../lines.ts';
import { phaseOf } from '../phase.ts';
import { cutSections, type Section } from '../section.ts';

/** Each phase is a task. Phases inside of phases are text. */
export function phaseSections(lines: readonly Line[]): Section[] {
  const level = lines.reduce((least, line) => Math.min(least, phaseOf(line)?.level ?? least), Number.POSITIVE_INFINITY);
  return cutSections(lines, {
    startOf(line) {
      const phase = phaseOf(line);
      if (phase?.level !== level) return undefined;
      return { label: phase.label, title: phase.title || phase.heading, phase };
    },
    endsBefore: (line) => line.heading !== undefined && line.heading.level <= level,
  });
}
