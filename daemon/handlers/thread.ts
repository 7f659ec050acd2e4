import type { HandlersOf } from '../server/connection.ts';
import { type Call, originOf } from '../server/connection.ts';
import type { ThreadRecord } from '../store/tables/instances.ts';
import { assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

export function threadHandlers({
  agents,
  instanceService,
  instances,
  reports,
  specTasks,
  workSessions,
  sessions,
  store,
}: Services): HandlersOf<'thread'> {
  /** From inside of a session only those of its own spec task. */
  const own = (id: string, call: Call): string => {
    assertOwnSpecTask(call, sessions, instanceService.thread(id).specTaskId);
    return id;
  };
  return {
    'thread.create': ({ workSession }, call) => instanceService.createThread(workSessions.resolve(workSession), originOf(call)),
    'thread.list': async ({ instance, specTask, cursor, limit }) => {
      const filter = {
        ...(instance === undefined ? {} : { instanceId: instance }),
        ...(specTask === undefined ? {} : { specTaskId: (await specTasks.resolve(specTask)).id }),
      };
      return instanceService.listThreads(filter, cursor, limit);
    },
    'thread.get': ({ id }) => instanceService.thread(id),
    'thread.update': async ({ id, agent, mode, model }, call) => {
      instanceService.thread(id);
      if (agent !== undefined) await instanceService.chooseAgent(id, agents.resolve(agent).name, originOf(call));
      if (mode === undefined && model === undefined) return instanceService.thread(id);
      const thread = store.read((r) => r.threads.get(id)) as ThreadRecord;
      await instances.configure(thread, { ...(mode === undefined ? {} : { mode }), ...(model === undefined ? {} : { model }) });
      return instanceService.thread(id);
    },
    'thread.adopt': ({ workSession, instance, externalId }, call) =>
      reports.adopt(workSessions.resolve(workSession), instance, externalId, originOf(call)),
    'thread.reportEvent': ({ id, type, data }, call) => reports.thread(own(id, call), { type, data }, originOf(call)),
    'thread.reportActivity': ({ id, detail }, call) => reports.activity(own(id, call), detail, originOf(call)),
    'thread.close': ({ id }, call) => instanceService.closeThread(id, originOf(call)),
    'thread.cancelTurn': ({ id }, call) => instanceService.cancelTurn(id, originOf(call)),
    'thread.transcript': ({ id, after, limit }) => instanceService.transcript(id, after, limit),
  };
}
