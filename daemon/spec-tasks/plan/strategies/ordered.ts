import type { Line } from '../lines.ts';
import { readListItem } from '../list-item.ts';
import { cutSections, type Section } from '../section.ts';

const mostIndent = 1;

/** `1. Title` and `1) Title`. Whatever stands below belongs to it, up to the next number or a heading. */
export function orderedSections(lines: readonly Line[]): Section[] {
  return cutSections(lines, {
    startOf(line) {
      const item = line.indent > mostIndent ? undefined : readListItem(line);
      return item?.number === undefined || item.box || item.text === '' ? undefined : { number: item.number, title: item.text };
    },
    endsBefore: (line) => line.heading !== undefined,
  });
}
