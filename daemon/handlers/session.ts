import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { readOutput } from '../sessions/output.ts';
import { createKeptJson } from './kept-json.ts';
import type { Services } from './services.ts';

/** PruneJuice's words for our states. */
const statusAliases: Readonly<Record<string, readonly string[]>> = {
  active: ['queued', 'preparing', 'running', 'waiting'],
  completed: ['succeeded'],
};

export function sessionHandlers({ store, projects, sessions, terminals, tmux }: Services): HandlersOf<'session'> {
  const kept = createKeptJson(store);
  return {
    'session.start': (params, call) => sessions.start(params, originOf(call)),
    'session.list': async ({ project, status, command, cursor, limit }) => {
      const filter = {
        ...(project === undefined ? {} : { projectId: (await projects.resolve(project)).id }),
        ...(status === undefined ? {} : { statuses: status.flatMap((word) => statusAliases[word] ?? [word]) }),
        ...(command === undefined ? {} : { commandName: command }),
      };
      return sessions.list(filter, cursor, limit);
    },
    'session.get': ({ id }) => kept(id, () => sessions.get(id)),
    'session.listSteps': ({ id }) => ({ stepRuns: sessions.get(id).stepRuns }),
    'session.cancel': ({ id, reason }, call) => sessions.cancel(id, reason, originOf(call)),
    'session.remove': async ({ id, ...options }, call) => {
      await sessions.remove(id, options, originOf(call));
      return {};
    },
    'session.readOutput': ({ id, ...range }) => readOutput(store, sessions.resolve(id), range),
    'session.send': async ({ id, text, enter }) => {
      const { paneId } = await terminals.paneOf(sessions.terminalOf(id), undefined);
      await tmux.sendText({ paneId, text, enter });
      return { status: 'typed' };
    },
    'session.attach': ({ id, insideTmux }) => ({ argv: tmux.attachArgv(sessions.terminalOf(id).tmuxId, insideTmux) }),
  };
}
