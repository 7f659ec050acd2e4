import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

export function reviewHandlers({ specTasks, sessions }: Services): HandlersOf<'review'> {
  const { comments } = specTasks;
  return {
    'review.list': async ({ specTask, project, status, cursor, limit }) => {
      const task = await specTasks.resolve(specTask, project);
      const revisions = specTasks.revisions(task).map(({ requirements: _1, design: _2, plan: _3, ...revision }) => revision);
      return { revisions, ...comments.list(task, status, cursor, limit) };
    },
    'review.addComment': async ({ specTask, project, ...comment }, call) =>
      comments.add(await specTasks.resolve(specTask, project), comment, originOf(call)),
    'review.reply': ({ id, body }, call) => {
      assertOwnSpecTask(call, sessions, comments.get(id).specTaskId);
      return comments.reply(id, body, originOf(call));
    },
    'review.resolveComment': ({ id, resolved }, call) => comments.resolve(id, resolved, originOf(call)),
  };
}
