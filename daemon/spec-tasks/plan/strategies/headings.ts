import { labelPattern } from '../label.ts';
import type { Line } from '../lines.ts';
import { createPhaseWalk } from '../phase.ts';
import { cutSections, type Section } from '../section.ts';
import { withoutFirstEmphasis } from '../text.ts';

const named = new RegExp(String.raw`^(?:task|step)\s{1,8}#?(${labelPattern})(?:\s{0,8}(?:[:)]|[.\-–—](?=\s|$))\s{0,8}|\s{1,8}|$)`, 'i');
const numbered = /^(T\d{1,6}[a-z]?|\d{1,3}(?:\.\d{1,3}){0,3})\s{0,8}[:.)\-–—](?:\s{1,8}|$)/i;

interface TaskHeading {
  readonly level: number;
  readonly named: boolean;
  readonly label: string;
  readonly title: string;
}

/** `## Task 2: Title`, or `## 2. Title` where no heading says task or step. The shallowest level that is used counts. */
export function headingSections(lines: readonly Line[]): Section[] {
  const found = new Map<Line, TaskHeading>();
  for (const line of lines) {
    const heading = taskHeading(line);
    if (heading) found.set(line, heading);
  }
  const anyNamed = [...found.values()].some((heading) => heading.named);
  const counted = [...found.values()].filter((heading) => heading.named || !anyNamed);
  const level = counted.reduce((least, heading) => Math.min(least, heading.level), Number.POSITIVE_INFINITY);
  const isTask = (heading: TaskHeading) => heading.level === level && (heading.named || !anyNamed);
  const phaseAt = createPhaseWalk();
  return cutSections(lines, {
    startOf(line) {
      const phase = phaseAt(line);
      const heading = found.get(line);
      if (!heading || !isTask(heading)) return undefined;
      return { label: heading.label, title: heading.title, phase: phase && phase.level < level ? phase : undefined };
    },
    endsBefore: (line) => line.heading !== undefined && line.heading.level <= level,
  });
}

function taskHeading({ heading }: Line): TaskHeading | undefined {
  if (!heading || heading.level < 2 || heading.level > 4) return undefined;
  const text = withoutFirstEmphasis(heading.text);
  const byName = named.exec(text);
  const match = byName ?? numbered.exec(text);
  if (match === null) return undefined;
  const [{ length }, label = ''] = match;
  return { level: heading.level, named: byName !== null, label, title: text.slice(length).trim() };
}
