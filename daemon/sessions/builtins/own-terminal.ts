import { Failure } from '../../../schemas/errors.ts';
import type { TerminalRecord } from '../../store/tables/terminals.ts';
import type { TerminalService } from '../../terminals/service.ts';
import type { TmuxPane } from '../../tools/tmux.ts';
import type { SessionContext } from '../context.ts';

/** The first window of a terminal, where its shell is. Windows of steps come and go beside it. */
export const shellWindow = 'shell';

export function ownTerminal({ session, terminal }: SessionContext): TerminalRecord {
  if (terminal) return terminal;
  throw new Failure('PRECONDITION', `Session "${session.slug}" has no terminal; put a "start-session" step before this one.`, {
    details: { reason: 'no_terminal' },
  });
}

/** The pane that the step's `window` argument names, by name or id; without one, that of the shell. */
export async function ownPane(context: SessionContext, terminals: TerminalService, window: unknown): Promise<TmuxPane> {
  const terminal = ownTerminal(context);
  const panes = await terminals.panes(terminal);
  const wanted = window === undefined ? shellWindow : String(window);
  const pane = panes.find(({ windowId, windowName }) => windowId === wanted || windowName === wanted);
  if (pane) return pane;
  if (window === undefined && panes[0]) return panes[0];
  throw new Failure(
    'PRECONDITION',
    `Terminal "${terminal.name}" has no window "${wanted}"; it has ${panes.map(({ windowName }) => `"${windowName}"`).join(', ')}.`,
    {
      details: { reason: 'no_window', window: wanted },
    },
  );
}
