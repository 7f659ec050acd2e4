import type { Call, HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { assertMayWrite, assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

export function sharedStateHandlers({ coordination, specTasks, sessions }: Services): HandlersOf<'sharedState'> {
  const { state } = coordination;
  const assertMayChange = (call: Call, specTaskId: string): void => {
    assertOwnSpecTask(call, sessions, specTaskId);
    assertMayWrite(call, call.context.caller.sessionId);
  };
  return {
    'sharedState.get': async ({ specTask, project, key }) => state.get(await specTasks.resolve(specTask, project), key),
    'sharedState.list': async ({ specTask, project, cursor, limit }) =>
      state.list(await specTasks.resolve(specTask, project), cursor, limit),
    'sharedState.set': async ({ specTask, project, ...change }, call) => {
      const task = await specTasks.resolve(specTask, project);
      assertMayChange(call, task.id);
      return state.set(task, change, originOf(call));
    },
    'sharedState.delete': async ({ specTask, project, ...change }, call) => {
      const task = await specTasks.resolve(specTask, project);
      assertMayChange(call, task.id);
      await state.remove(task, change, originOf(call));
      return {};
    },
  };
}
