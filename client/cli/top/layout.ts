// What is on the screen for a state and a size: always as many lines as there are rows but the last, none wider than the screen.
import { age } from '../text.ts';
import { footerOf } from './footer.ts';
import { type Line, type Size, type Span, span } from './line.ts';
import { cutTo, toWidth, widthOf } from './plain-text.ts';
import type { Row } from './row.ts';
import { screenLines } from './screens.ts';
import { selectedIndex } from './select.ts';
import type { Ui } from './ui.ts';

export interface View {
  readonly ui: Ui;
  /** Those that the filter lets through. */
  readonly rows: readonly Row[];
  readonly summary: string;
  readonly now: number;
}

const headerRows = 1;
const footerRows = 2;

/** The last row stays free: what is written there makes a terminal scroll. */
export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - 1 - headerRows - footerRows);
}

export function frame(view: View, size: Size): Line[] {
  const count = bodyRows(size);
  const opened = screenLines(view.ui.screen, size.columns);
  const body = opened === undefined ? listLines(view, size.columns, count) : openedLines(view.ui, opened, count);
  const blank = Array.from({ length: Math.max(0, count - body.length) }, (): Line => ({ spans: [span('')] }));
  const lines = [header(view, size.columns), ...body, ...blank, ...footerOf(view.ui, size.columns)];
  return lines.slice(-Math.max(1, size.rows - 1)).map((line) => cutLine(line, size.columns));
}

function header({ ui, summary }: View, columns: number): Line {
  const away = ui.away ? 'The daemon is away; waiting for it' : '';
  const title = toWidth(`coppice  ${summary}`, Math.max(0, columns - widthOf(away) - 1));
  return { spans: [span(`${title} `, 'bold'), span(away, 'red')] };
}

function openedLines({ screen }: Ui, lines: readonly Line[], count: number): Line[] {
  const end = Math.max(0, lines.length - count);
  const top = 'top' in screen ? Math.min(screen.top ?? end, end) : 0;
  return lines.slice(top, top + count);
}

function listLines({ rows, ui, now }: View, columns: number, count: number): Line[] {
  if (rows.length === 0)
    return [{ spans: [span(ui.filter === '' ? 'Nothing runs, and nothing waits for you.' : `Nothing has "${ui.filter}" in it.`, 'dim')] }];
  const selected = selectedIndex(rows, ui.selected);
  const top = Math.max(0, Math.min(selected - Math.floor(count / 2), rows.length - count));
  return rows.slice(top, top + count).map((row, index) => rowLine(row, { columns, now, selected: top + index === selected }));
}

const ageColumns = 4;

function rowLine(row: Row, { columns, now, selected }: { columns: number; now: number; selected: boolean }): Line {
  const marker = span(selected ? '> ' : '  ', 'bold');
  if (row.heading) return { spans: [span(`${row.name}  `, 'bold'), span(row.note, 'dim')] };
  // Two for the marker, one behind each of three columns, and the last one of the screen.
  const room = Math.max(12, columns - 2 - 3 - ageColumns - 1);
  const [name, state] = columnsOf(row, room);
  const note = room - state - name;
  const since = span(ageOf(row.since, now).padStart(ageColumns), 'dim');
  const stateSpan = span(`${toWidth(row.state, state)} `, row.tone);
  const spans: Span[] =
    row.form === 'message'
      ? [marker, stateSpan, span(`${toWidth(row.name, name)}  `), since]
      : [
          ...[marker, span(row.lines, 'dim'), span(`${toWidth(row.name, name - widthOf(row.lines))} `), stateSpan],
          ...[span(`${toWidth(row.share === undefined ? row.note : bar(row.share, note), note)} `, 'dim'), since],
        ];
  return { spans, selected };
}

/** For the name and the state; the note has the rest. */
function columnsOf({ form }: Row, room: number): [name: number, state: number] {
  const state = Math.floor(room * (form === 'task' ? 0.31 : 0.2));
  return [form === 'message' ? room - state : Math.floor(room * 0.38), state];
}

/** A frame of cold code costs a tenth of a second, so nothing is drawn for ages alone more often than this. */
export const ageStepMs = 5 * 60_000;

/** In steps, so that an age that was drawn is not wrong before the next frame for ages. */
function ageOf(since: string | undefined, now: number): string {
  if (since === undefined) return '';
  const steps = Math.floor((now - Date.parse(since)) / ageStepMs);
  return steps < 1 ? '<5m' : age(since, Date.parse(since) + steps * ageStepMs);
}

function bar(share: number, columns: number): string {
  const cells = Math.max(1, Math.min(20, columns - 7));
  const full = Math.round(Math.max(0, Math.min(1, share)) * cells);
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${Math.round(share * 100)}%`;
}

function cutLine({ spans, ...line }: Line, columns: number): Line {
  let left = columns;
  const cut: Span[] = [];
  for (const { text, tone } of spans) {
    if (left <= 0) break;
    const fitting = cutTo(text, left);
    left -= widthOf(fitting);
    cut.push(span(fitting, tone));
  }
  return { ...line, spans: cut };
}
