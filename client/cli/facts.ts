import type { Output } from './output.ts';
import { printable } from './text.ts';

/** One line a fact; those without a value are left out. */
export function printFacts(out: Output, facts: readonly (readonly [name: string, value: string | number | undefined])[]): void {
  const width = Math.max(10, ...facts.map(([name]) => name.length));
  for (const [name, value] of facts) {
    if (value !== undefined && value !== '') out.line(`${out.paint(name.padEnd(width), 'dim')} ${printable(String(value))}`);
  }
}
