import { Failure } from '../../schemas/errors.ts';
import type { SessionUsage } from '../../schemas/session.ts';
import type { StepRun } from '../../schemas/step.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { readOutput } from '../sessions/output.ts';
import { createKeptJson } from './kept-json.ts';
import { assertMayWrite } from './own-session.ts';
import type { Services } from './services.ts';

/** PruneJuice's words for our states. */
const statusAliases: Readonly<Record<string, readonly string[]>> = {
  active: ['queued', 'preparing', 'running', 'waiting'],
  completed: ['succeeded'],
};

/** The cursor is the id of the last one that came. */
function pageOfSteps(all: readonly StepRun[], cursor: string | undefined, limit: number) {
  const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== undefined && from === 0) {
    const message = `"${cursor}" is no cursor of these steps; take the nextCursor of the page before.`;
    throw new Failure('INVALID_PARAMS', message, { details: { issues: [{ path: ['cursor'], message }] } });
  }
  const stepRuns = all.slice(from, from + limit);
  const last = stepRuns.at(-1);
  return { stepRuns, ...(from + limit < all.length && last ? { nextCursor: last.id } : {}) };
}

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
    'session.get': ({ id }) => {
      const view = (usage?: SessionUsage) => (usage === undefined ? kept(id, () => sessions.get(id)) : { ...sessions.get(id), usage });
      return sessions.usageOf(id)?.then(view) ?? view();
    },
    'session.retry': ({ id, environment }, call) => sessions.retry(id, environment, originOf(call)),
    'session.getData': ({ id, key }) => sessions.data.get(id, key),
    'session.listData': ({ id }) => ({ data: sessions.data.list(id) }),
    'session.setData': async ({ id, key, value }, call) => {
      assertMayWrite(call, sessions.resolve(id).id);
      await sessions.data.set(id, key, value, originOf(call));
      return {};
    },
    'session.listSteps': ({ id, cursor, limit }) => pageOfSteps(sessions.get(id).stepRuns, cursor, limit),
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
