// All that the CLI writes goes through here: colours and tables on a terminal, plain lines elsewhere, JSON when asked.
import { once } from 'node:events';
import type { StandardOutput } from './standard-output.ts';
import { printable } from './text.ts';

export interface Sink {
  write(data: string | Uint8Array): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold';
/** A cell is text, or text with a colour. */
export type Cell = string | number | undefined | { readonly text: string; readonly colour: Colour };

export interface Output {
  readonly json: boolean;
  /** stdout is a terminal and JSON was not asked for. */
  readonly terminal: boolean;
  /** The one document of a command, or one of a stream: a line of JSON. */
  document(value: unknown): void;
  line(text: string): void;
  /** Rows in columns under a heading on a terminal; elsewhere tab-separated, without a heading. */
  table(heading: readonly string[], rows: readonly (readonly Cell[])[]): void;
  /** Bytes as they are, waiting while the reader is slow. */
  bytes(data: Uint8Array): Promise<void>;
  /** Text without a line end, for a line that is drawn again and again. Only for terminals. */
  draw(text: string): void;
  /** A remark for people, on stderr. */
  note(text: string): void;
  paint(text: string, colour: Colour): string;
}

export interface OutputOptions {
  readonly stdout: StandardOutput;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** False for --no-color. */
  readonly colour: boolean;
}

const codes: Record<Colour, string> = { red: '31', green: '32', yellow: '33', blue: '34', dim: '2', bold: '1' };

export function createOutput({ stdout, stderr, env, json, colour }: OutputOptions): Output {
  const terminal = stdout.isTTY === true && !json;
  const coloured = terminal && colour && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (text: string, name: Colour): string => (coloured ? `\u001b[${codes[name]}m${text}\u001b[0m` : text);
  return {
    json,
    terminal,
    paint,
    document: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    line: (text) => void stdout.write(`${text}\n`),
    draw: (text) => void stdout.write(text),
    note: (text) => void stderr.write(`${text}\n`),
    table(heading, rows) {
      if (rows.length === 0 && !terminal) return;
      const lines = terminal ? layOut(heading, rows, stdout.columns ?? 80, paint) : rows.map((row) => row.map(plain).join('\t'));
      stdout.write(`${lines.join('\n')}\n`);
    },
    async bytes(data) {
      if (!stdout.write(data)) await once(stdout.stream(), 'drain');
    },
  };
}

const waiting: readonly string[] = [
  ...['queued', 'waiting', 'cancelled', 'creating', 'degraded', 'blocked', 'open'],
  ...['spec_review', 'implementation_review', 'queued_spec_generation', 'queued_implementation'],
];

export function statusColour(status: string): Colour {
  if (['succeeded', 'live', 'present', 'ok', 'done', 'completed', 'approved', 'resolved'].includes(status)) return 'green';
  if (['failed', 'lost', 'missing', 'spec_failed', 'implementation_failed'].includes(status)) return 'red';
  if (['running', 'preparing', 'active', 'in_progress', 'assigned', 'spec_generation', 'implementation'].includes(status)) return 'blue';
  return waiting.includes(status) ? 'yellow' : 'dim';
}

export function statusCell(status: string): Cell {
  return { text: status, colour: statusColour(status) };
}

function plain(cell: Cell): string {
  return printable(typeof cell === 'object' ? cell.text : String(cell ?? '')).replace(/[\t\n]/g, ' ');
}

/** Columns as wide as their widest cell; the last one is cut at the edge of the terminal. */
function layOut(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  columns: number,
  paint: (text: string, colour: Colour) => string,
): string[] {
  const texts = rows.map((row) => row.map(plain));
  const widths = heading.map((title, index) => texts.reduce((most, row) => Math.max(most, (row[index] ?? '').length), title.length));
  const last = heading.length - 1;
  const room = Math.max(10, columns - widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0));
  const place = (text: string, index: number): string => {
    if (index < last) return text.padEnd((widths[index] ?? 0) + 2);
    return text.length > room ? `${text.slice(0, room - 1)}…` : text;
  };
  const head = paint(heading.map(place).join('').trimEnd(), 'dim');
  const body = texts.map((row, y) =>
    row
      .map((text, x) => {
        const cell = rows[y]?.[x];
        const fitted = place(text, x);
        return typeof cell === 'object' ? paint(fitted, cell.colour) : fitted;
      })
      .join('')
      .trimEnd(),
  );
  return [head, ...body];
}
