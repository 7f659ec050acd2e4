import type { HandlersOf } from '../server/connection.ts';
import { type Call, originOf } from '../server/connection.ts';
import { assertMayWrite } from './own-session.ts';
import type { Services } from './services.ts';

/** What goes to the agent, and how to watch it, is with the handlers of prompts. */
type Handled = Omit<HandlersOf<'workSession'>, 'workSession.sendPrompt' | 'workSession.listPrompts' | 'workSession.attach'>;

export function workSessionHandlers({ workSessions, specTasks, projects }: Services): Handled {
  /** The work session that is meant, by its id; from inside of a session only its own. */
  const own = (ref: string, call: Call): string => {
    const { id, sessionId } = workSessions.resolve(ref);
    assertMayWrite(call, sessionId);
    return id;
  };
  const meant = <P extends { readonly id: string }>(params: P): P => ({ ...params, id: workSessions.resolve(params.id).id });
  return {
    'workSession.list': async ({ specTask, project, status, parent, cursor, limit }) => {
      const projectId = project === undefined ? undefined : (await projects.resolve(project)).id;
      const filter = {
        projectId,
        specTaskId: specTask === undefined ? undefined : (await specTasks.resolve(specTask, project)).id,
        statuses: status,
        parentId: parent === undefined ? undefined : workSessions.resolve(parent).id,
      };
      return workSessions.list(filter, cursor, limit);
    },
    'workSession.get': ({ id }) => workSessions.get(id),
    'workSession.diff': ({ id, patch }) => workSessions.diff(id, patch),
    'workSession.create': async ({ specTask, ...wanted }, call) =>
      workSessions.create(specTask === undefined ? undefined : await specTasks.resolve(specTask, wanted.project), wanted, originOf(call)),
    'workSession.spawn': (params, call) => workSessions.spawn({ ...params, parentId: own(params.parentId, call) }, originOf(call)),
    'workSession.updateStatus': (params, call) => workSessions.updateStatus({ ...params, id: own(params.id, call) }, originOf(call)),
    'workSession.complete': (params, call) => workSessions.complete({ ...params, id: own(params.id, call) }, originOf(call)),
    'workSession.requestHelp': (params, call) => workSessions.requestHelp({ ...params, id: own(params.id, call) }, originOf(call)),
    'workSession.answerHelp': (params, call) => workSessions.answerHelp(meant(params), originOf(call)),
    'workSession.start': (params, call) => workSessions.start(meant(params), originOf(call)),
    'workSession.pause': (params, call) => workSessions.pause(meant(params), originOf(call)),
    'workSession.resume': (params, call) => workSessions.resume(meant(params), originOf(call)),
    'workSession.update': (params, call) => workSessions.update(meant(params), originOf(call)),
    'workSession.cancel': (params, call) => workSessions.cancel(meant(params), originOf(call)),
    'workSession.retry': (params, call) => workSessions.retry(meant(params), originOf(call)),
    'workSession.reopen': (params, call) => workSessions.reopen(meant(params), originOf(call)),
    'workSession.merge': (params, call) => workSessions.merge(meant(params), originOf(call)),
  };
}
