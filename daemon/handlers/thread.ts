import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Pick<
  HandlersOf<'thread'>,
  'thread.create' | 'thread.list' | 'thread.get' | 'thread.close' | 'thread.cancelTurn' | 'thread.transcript'
>;

export function threadHandlers({ instanceService, specTasks, workSessions }: Services): Handled {
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
    'thread.close': ({ id }, call) => instanceService.closeThread(id, originOf(call)),
    'thread.cancelTurn': ({ id }, call) => instanceService.cancelTurn(id, originOf(call)),
    'thread.transcript': ({ id, after, limit }) => instanceService.transcript(id, after, limit),
  };
}
