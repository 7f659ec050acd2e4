// The fields of a task: `Effort: small`, `- **Depends on:** 1`, `_Requirements: 1.1_`, or a heading that says just the label.
import { emphasisMark, squeezed, trimAny } from './text.ts';

const labels = {
  description: ['description', 'overview', 'summary', 'goal', 'details', 'what'],
  acceptance: ['acceptance', 'acceptance criteria', 'ac', 'done when', 'definition of done', 'success criteria'],
  effort: ['effort', 'size', 'complexity', 'estimate', 'estimated effort', 'estimated time'],
  dependencies: ['dependencies', 'depends', 'depends on', 'requires', 'blocked by', 'prerequisites', 'after'],
  priority: ['priority'],
  files: ['files', 'touches', 'paths'],
  requirements: ['requirements', 'refs'],
  verify: ['verify', 'check', 'test command'],
  agent: ['agent', 'role'],
} as const;

export type FieldName = keyof typeof labels;

export interface Field {
  readonly name: FieldName;
  /** What stands on the same line. */
  readonly value: string;
  /** The label stands behind the mark of a list item. */
  readonly isItem: boolean;
}

const byLabel = new Map(
  Object.entries(labels).flatMap(([name, known]) => known.map((label): [string, FieldName] => [label, name as FieldName])),
);
const labelChars = 40;

export function fieldNamed(label: string): FieldName | undefined {
  return label.length > labelChars ? undefined : byLabel.get(squeezed(label, labelChars).toLowerCase());
}

/** A heading that is equal to a label, with or without a colon. */
export function fieldOfHeading(text: string): FieldName | undefined {
  return text.length > 2 * labelChars ? undefined : fieldNamed(trimAny(text, '*_: '));
}

/** Only the beginning of a line makes a field; a label anywhere else is prose. */
export function readField(content: string): Field | undefined {
  if (!content.slice(0, labelChars + 20).includes(':')) return undefined;
  const bullet = /^[-*+][ \t]{1,8}/.exec(content)?.[0] ?? '';
  const emphasised = content.slice(bullet.length);
  const mark = emphasisMark(emphasised);
  const rest = emphasised.slice(mark.length);
  const colon = rest.slice(0, labelChars + 2 * mark.length).indexOf(':');
  if (colon < 1) return undefined;
  const name = fieldNamed(trimAny(rest.slice(0, colon), '*_ '));
  return name && { name, value: withoutMark(rest.slice(colon + 1), mark, rest.slice(0, colon)), isItem: bullet !== '' };
}

/** The emphasis that began before the label ends in it, behind the colon, or behind the value. */
function withoutMark(value: string, mark: string, label: string): string {
  if (mark === '' || label.trimEnd().endsWith(mark)) return value.trim();
  if (value.startsWith(mark)) return value.slice(mark.length).trim();
  const text = value.trim();
  return text.endsWith(mark) ? text.slice(0, -mark.length).trim() : text;
}
