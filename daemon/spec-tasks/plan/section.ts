// A section is a task as it stands in the plan: a line that begins it, and the lines below that belong to it.
import type { Line } from './lines.ts';
import type { Box } from './list-item.ts';
import type { Phase } from './phase.ts';

/** What the first line of a section says. */
export interface Start {
  readonly title: string;
  readonly label?: string | undefined;
  /** Of its list: the label, unless the title begins with one. */
  readonly number?: string | undefined;
  readonly box?: Box | undefined;
  readonly phase?: Phase | undefined;
}

export interface Section {
  readonly line: number;
  readonly start: Start;
  readonly body: readonly Line[];
}

interface Reading<S> {
  /** Sees every line, in order. `inside` is the section that the line would belong to. */
  startOf(line: Line, inside: S | undefined): S | undefined;
  endsBefore(line: Line, section: S): boolean;
}

/** One walk over the lines. Each belongs to the section that began last, until that ends. */
export function cutSections<S extends Start>(lines: readonly Line[], { startOf, endsBefore }: Reading<S>): Section[] {
  const sections: Section[] = [];
  let inside: S | undefined;
  let body: Line[] = [];
  for (const line of lines) {
    if (inside && endsBefore(line, inside)) inside = undefined;
    const start = startOf(line, inside);
    if (start) {
      inside = start;
      body = [];
      sections.push({ line: line.number, start, body });
    } else if (inside) {
      body.push(line);
    }
  }
  return sections;
}
