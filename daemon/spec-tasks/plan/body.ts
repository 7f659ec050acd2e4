// The lines below a task -> its description and its fields. A field that is opened by a label or a heading takes the lines that follow;
// everything that is no field, and no nested box, is description.
import { codeBlockAt, commandsOf } from './code-block.ts';
import { asDescription, isRule } from './description.ts';
import { type Field, type FieldName, fieldOfHeading, readField } from './fields.ts';
import { readLabel } from './label.ts';
import type { Line } from './lines.ts';
import { type ListItem, readListItem } from './list-item.ts';

/** One value of a field. */
export interface Item {
  readonly text: string;
  /** It stood on the line of its label. */
  readonly inline: boolean;
}

export interface Body {
  /** Begins with an empty line when the plan has one there. */
  readonly description: string;
  readonly fields: ReadonlyMap<FieldName, readonly Item[]>;
  /** Labels of nested boxes: whoever refers to one means the task. */
  readonly innerLabels: readonly string[];
}

/** A field that takes the lines that follow. */
interface Open {
  readonly name: FieldName;
  readonly opener: 'heading' | 'item' | 'line';
  readonly indent: number;
  taken: number;
}

/** An item whose text may go on in the next lines. */
interface Growing {
  readonly parts: string[];
  readonly indent: number;
}

interface Reading {
  readonly description: string[];
  readonly items: Map<FieldName, { parts: string[]; inline: boolean }[]>;
  readonly innerLabels: string[];
  open: Open | undefined;
  growing: Growing | undefined;
  afterBlank: boolean;
}

export function readBody(lines: readonly Line[]): Body {
  const reading: Reading = { description: [], items: new Map(), innerLabels: [], open: undefined, growing: undefined, afterBlank: false };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as Line;
    if (line.part !== 'text') at = takeCode(reading, lines, at);
    else if (line.content === '') takeBlank(reading);
    else if (isRule(line.content)) takeRule(reading);
    else takeText(reading, line);
  }
  const fields = [...reading.items].map(([name, items]): [FieldName, Item[]] => [
    name,
    items.map(({ parts, inline }) => ({ text: parts.join(''), inline })).filter(({ text }) => text !== ''),
  ]);
  return { description: asDescription(reading.description), fields: new Map(fields), innerLabels: reading.innerLabels };
}

function takeBlank(reading: Reading): void {
  reading.afterBlank = true;
  if (reading.description.at(-1) !== '') reading.description.push('');
}

/** A line across the page parts tasks, and says nothing itself. */
function takeRule(reading: Reading): void {
  reading.open = reading.growing = undefined;
  takeBlank(reading);
}

function takeText(reading: Reading, line: Line): void {
  const item = readListItem(line);
  const field = item?.box ? undefined : readField(line.content);
  if (line.heading || field || endsField(reading, line, item)) reading.open = reading.growing = undefined;
  if (line.heading) takeHeading(reading, line);
  else if (field) takeField(reading, line, field);
  else if (item?.box && !reading.open) takeBox(reading, line, item, 'acceptance');
  else if (reading.open) takeValue(reading, line, item, reading.open);
  else if (!item && isBelow(reading.growing, line)) reading.growing?.parts.push(' ', line.content);
  else takeDescription(reading, line.text.trimEnd());
  reading.afterBlank = false;
}

function endsField({ open, afterBlank }: Reading, line: Line, item: ListItem | undefined): boolean {
  if (!open || open.opener === 'heading' || line.indent > open.indent) return false;
  return open.opener === 'item' || (afterBlank && item === undefined && open.taken > 0);
}

function isBelow(growing: Growing | undefined, line: Line): boolean {
  return growing !== undefined && line.indent > growing.indent;
}

function takeHeading(reading: Reading, line: Line): void {
  const name = fieldOfHeading(line.heading?.text ?? '');
  if (name === undefined) takeDescription(reading, line.text.trimEnd());
  else if (name !== 'description') reading.open = { name, opener: 'heading', indent: 0, taken: 0 };
}

function takeField(reading: Reading, line: Line, { name, value, isItem }: Field): void {
  if (name === 'description') {
    if (value !== '') takeDescription(reading, `${line.text.slice(0, line.text.length - line.text.trimStart().length)}${value}`);
  } else if (value !== '') {
    addItem(reading, name, value, true);
  } else {
    reading.open = { name, opener: isItem ? 'item' : 'line', indent: line.indent, taken: 0 };
  }
}

function takeBox(reading: Reading, line: Line, item: ListItem, name: FieldName): void {
  const labelled = name === 'acceptance' ? readLabel(item.text) : undefined;
  if (labelled) reading.innerLabels.push(labelled.label);
  reading.growing = { parts: addItem(reading, name, labelled?.rest ?? item.text, false), indent: line.indent };
}

function takeValue(reading: Reading, line: Line, item: ListItem | undefined, open: Open): void {
  open.taken += 1;
  if (item?.box) takeBox(reading, line, item, open.name);
  else if (!item && (!reading.afterBlank || isBelow(reading.growing, line)) && reading.growing)
    reading.growing.parts.push(' ', line.content);
  else reading.growing = { parts: addItem(reading, open.name, item?.text ?? line.content, false), indent: line.indent };
}

function takeDescription(reading: Reading, text: string): void {
  reading.growing = undefined;
  reading.description.push(text);
}

function addItem({ items }: Reading, name: FieldName, text: string, inline: boolean): string[] {
  const item = { parts: [text], inline };
  const all = items.get(name);
  if (all) all.push(item);
  else items.set(name, [item]);
  return item.parts;
}

/** A fenced block belongs to the open item, is a list of commands below `Verify:`, and is description elsewhere. */
function takeCode(reading: Reading, lines: readonly Line[], from: number): number {
  const block = codeBlockAt(lines, from);
  const { open, growing, afterBlank } = reading;
  if (open?.name === 'verify') {
    for (const command of commandsOf(block.inside)) addItem(reading, 'verify', command, false);
    open.taken += 1;
  } else if (growing && (!afterBlank || isBelow(growing, lines[from] as Line))) {
    for (const text of block.lines) growing.parts.push('\n', text);
  } else if (open) {
    addItem(reading, open.name, block.lines.join('\n'), false);
    open.taken += 1;
  } else {
    for (const text of block.raw) reading.description.push(text);
  }
  reading.afterBlank = false;
  return block.last;
}
