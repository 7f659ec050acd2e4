// Draws lines with Ink, and tells of keys and of a new size. Everything else is decided before.
import { Box, render, Text, useInput } from 'ink';
import { createElement, type ReactElement } from 'react';
import type { Key } from './key.ts';
import type { Line, Size, Span } from './line.ts';

export interface InkView {
  show(lines: readonly Line[]): void;
  /** Gives the terminal to another program. */
  suspend(): Promise<void>;
  resume(): void;
  close(): Promise<void>;
  size(): Size;
}

export interface InkOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly colour: boolean;
  onKey(key: Key): void;
  onResize(): void;
}

/** A screen of its own, and no wrapping: a terminal that takes a sign for wider than we do must not break the lines. */
const enter = '\u001b[?1049h\u001b[?7l\u001b[2J\u001b[H';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const wipe = '\u001b[2J\u001b[H';

export function createInkView({ stdin, stdout, colour, onKey, onResize }: InkOptions): InkView {
  let lines: readonly Line[] = [];
  let ink: ReturnType<typeof render> | undefined;
  const tree = (): ReactElement => createElement(Frame, { lines, colour, onKey });
  const mount = (): void => {
    ink = render(tree(), { stdin, stdout, exitOnCtrlC: false, patchConsole: false });
  };
  const unmount = (): void => {
    ink?.unmount();
    ink = undefined;
  };
  // Also when something throws: nobody is left with a screen that is not his.
  const restore = (): void => void stdout.write(leave);
  const resized = (): void => {
    if (ink === undefined) return;
    // What a terminal makes of the old frame in a new size is its own affair: begin with an empty one.
    unmount();
    stdout.write(wipe);
    onResize();
    mount();
  };
  const suspend = async (): Promise<void> => {
    unmount();
    stdout.off('resize', resized);
    process.off('exit', restore);
    restore();
    // Only now is nobody listening, and pausing ends the read that waits for the next key.
    await new Promise((resolve) => setImmediate(resolve));
    stdin.pause();
  };
  const resume = (): void => {
    process.on('exit', restore);
    // Ink does it later than it draws, and a key that comes in between would wait for the end of a line.
    stdin.setRawMode(true);
    stdout.write(enter);
    mount();
    stdout.on('resize', resized);
  };
  resume();
  return {
    show(next) {
      // Most of what happens is elsewhere than on the screen.
      if (JSON.stringify(next) === JSON.stringify(lines)) return;
      lines = next;
      ink?.rerender(tree());
    },
    suspend,
    resume,
    close: suspend,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  };
}

function Frame({ lines, colour, onKey }: { lines: readonly Line[]; colour: boolean; onKey(key: Key): void }): ReactElement {
  useInput((input, key) => {
    const named = nameOf(key);
    if (key.ctrl && input === 'c') onKey({ name: 'interrupt' });
    else if (named !== undefined) onKey({ name: named });
    // Several keys at once, or a paste, come as one text.
    else if (!key.ctrl && !key.meta && !key.tab)
      for (const char of input) onKey(/[\r\n]/.test(char) ? { name: 'enter' } : { name: 'char', char });
  });
  return createElement(Box, { flexDirection: 'column' }, ...lines.map((line, index) => createElement(Row, { key: index, line, colour })));
}

function Row({ line, colour }: { line: Line; colour: boolean }): ReactElement {
  const spans = line.spans.map((span, index) => createElement(Text, { key: index, ...styleOf(span, colour) }, span.text));
  // A row without anything in it would take no place.
  const text = line.spans.every(({ text }) => text === '') ? ' ' : spans;
  return createElement(Text, { wrap: 'truncate', inverse: colour && line.selected === true }, text);
}

function styleOf({ tone }: Span, colour: boolean): { color?: string; bold?: boolean; dimColor?: boolean } {
  if (!colour || tone === 'plain') return {};
  if (tone === 'bold') return { bold: true };
  return tone === 'dim' ? { dimColor: true } : { color: tone };
}

function nameOf(key: Parameters<Parameters<typeof useInput>[0]>[1]): Exclude<Key['name'], 'char' | 'interrupt'> | undefined {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.pageUp) return 'pageUp';
  if (key.pageDown) return 'pageDown';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.escape) return 'escape';
  return key.backspace || key.delete ? 'backspace' : undefined;
}
