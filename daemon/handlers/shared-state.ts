import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

export function sharedStateHandlers({ coordination, specTasks, sessions }: Services): HandlersOf<'sharedState'> {
  const { state } = coordination;
  return {
    'sharedState.get': async ({ specTask, project, key }) => state.get(await specTasks.resolve(specTask, project), key),
    'sharedState.list': async ({ specTask, project, cursor, limit }) =>
      state.list(await specTasks.resolve(specTask, project), cursor, limit),
    'sharedState.set': async ({ specTask, project, ...change }, call) => {
      const task = await specTasks.resolve(specTask, project);
      assertOwnSpecTask(call, sessions, task.id);
      return state.set(task, change, originOf(call));
    },
    'sharedState.delete': async ({ specTask, project, ...change }, call) => {
      const task = await specTasks.resolve(specTask, project);
      assertOwnSpecTask(call, sessions, task.id);
      await state.remove(task, change, originOf(call));
      return {};
    },
  };
}
