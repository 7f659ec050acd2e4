// `coppice top` on a terminal, beside a daemon.
import { cliProgram, type Home } from './real-daemon.ts';
import { onTerminal, type ScreenOptions, type TerminalScreen } from './terminal-screen.ts';

/** Resolves when the view has read what there is. */
export async function startTop(home: Home, options: ScreenOptions & { args?: readonly string[] } = {}): Promise<TerminalScreen> {
  const screen = await onTerminal(home, [process.execPath, cliProgram, 'top', ...(options.args ?? [])], options);
  await screen.shows(/^coppice {2}\d+ project/);
  return screen;
}

/** The first row that has this text. */
export function rowWith(text: string, part: string): string {
  const row = text.split('\n').find((line) => line.includes(part));
  if (row === undefined) throw new Error(`No row has "${part}":\n${text}`);
  return row;
}

/** Commands that live in a terminal of their own until they are ended, or as long as a file does. */
export const sleeper =
  'name: sleeper\nlifecycle: session\nsteps:\n  - name: nap\n    type: shell\n    run_in: tmux\n    action: sleep 1000\n';

/** Its output is what is written into the file. */
export function reader(path: string): string {
  return `name: reader\nsteps:\n  - name: read\n    type: shell\n    action: tail -n +1 -f ${path}\n`;
}
