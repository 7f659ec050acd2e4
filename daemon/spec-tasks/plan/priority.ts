import type { TaskPriority } from '../../../schemas/plan.ts';
import { squeezed } from './text.ts';

const words: ReadonlyMap<string, TaskPriority> = new Map([
  ...['p0', 'critical', 'urgent', 'blocker', 'highest'].map((word) => [word, 'critical'] as const),
  ...['p1', 'high'].map((word) => [word, 'high'] as const),
  ...['p2', 'medium', 'normal'].map((word) => [word, 'medium'] as const),
  ...['p3', 'low', 'lowest'].map((word) => [word, 'low'] as const),
]);

/** undefined for a text that tells none. */
export function readPriority(text: string): TaskPriority | undefined {
  const found =
    squeezed(text, 100)
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  return found.map((word) => words.get(word)).find((priority) => priority !== undefined);
}
