import { Failure } from '../../schemas/errors.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { terminalView } from '../terminals/view.ts';
import type { Services } from './services.ts';

export function terminalHandlers({ store, terminals, tmux }: Services): HandlersOf<'terminal'> {
  return {
    'terminal.list': ({ all, cursor, limit }) => {
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.terminals.list(all, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { terminals: rows.map(terminalView), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'terminal.get': async ({ terminal }) => {
      const record = terminals.resolve(terminal);
      if (record.status !== 'live') return { ...terminalView(record), windows: [], attachedClients: 0 };
      const panes = await terminals.panes(record);
      const windows = panes.map(({ windowId, paneId, windowName, pid, dead, command, columns, rows }) => ({
        windowId,
        paneId,
        name: windowName,
        pid,
        dead,
        command,
        columns,
        rows,
      }));
      return { ...terminalView(record), windows, attachedClients: await terminals.attachedClients(record) };
    },
    'terminal.capture': async ({ terminal, windowId, historyLines, colours }) => {
      const { paneId } = await terminals.paneOf(terminals.resolve(terminal), windowId);
      return { paneId, text: await tmux.capture({ paneId, historyLines, colours }) };
    },
    'terminal.send': async ({ terminal, windowId, text, enter }) => {
      const { paneId } = await terminals.paneOf(terminals.resolve(terminal), windowId);
      await tmux.sendText({ paneId, text, enter });
      return { status: 'typed' };
    },
    'terminal.attach': ({ terminal, insideTmux }) => {
      const record = terminals.resolve(terminal);
      if (record.status !== 'live') {
        throw new Failure('PRECONDITION', `Terminal "${record.name}" is ${record.status}; start its command again for a new one.`, {
          details: { reason: 'terminal_ended', status: record.status },
        });
      }
      return { argv: tmux.attachArgv(record.tmuxId, insideTmux) };
    },
    'terminal.adopt': async (request, call) => terminalView(await terminals.adopt(request, originOf(call))),
    'terminal.kill': async ({ terminal }, call) => {
      await terminals.kill(terminals.resolve(terminal), 'killed', originOf(call));
      return {};
    },
  };
}
