import type { Line } from '../lines.ts';
import { type ListItem, readListItem } from '../list-item.ts';
import { createPhaseWalk, type Phase, phaseOf } from '../phase.ts';
import { cutSections, type Section, type Start } from '../section.ts';

interface Boxed extends Start {
  readonly indent: number;
}

interface Checklist {
  readonly sections: readonly Section[];
  /** Lines of boxes that stand in no phase, in a plan that has phases. */
  readonly outside: readonly number[];
}

/** Boxes at the least indent are tasks, deeper ones belong to the task above them. Where there are phases, only boxes in them count. */
export function readChecklist(lines: readonly Line[]): Checklist {
  const hasPhases = lines.some((line) => phaseOf(line) !== undefined);
  const counted = new Map<Line, { item: ListItem; phase: Phase | undefined }>();
  const outside: number[] = [];
  const phaseAt = createPhaseWalk();
  let least = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const phase = phaseAt(line);
    const item = readListItem(line);
    if (!item?.box || item.text === '') continue;
    if (hasPhases && !phase) {
      outside.push(line.number);
      continue;
    }
    counted.set(line, { item, phase });
    least = Math.min(least, line.indent);
  }
  const sections = cutSections<Boxed>(lines, {
    startOf(line, inside) {
      const found = counted.get(line);
      if (!found || (inside && line.indent > least)) return undefined;
      const { text: title, number, box } = found.item;
      return { indent: line.indent, title, number, box, phase: found.phase };
    },
    endsBefore: (line, { indent }) => line.heading !== undefined || (line.part === 'text' && line.content !== '' && line.indent < indent),
  });
  return { sections, outside };
}
