import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Call, HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { assertMayWrite } from './own-session.ts';
import type { Services } from './services.ts';

export function coordinationHandlers({ coordination, specTasks, workSessions }: Services): HandlersOf<'coordination'> {
  /** Of a process inside a session always its own work session. */
  const senderOf = (call: Call, from: string | undefined): WorkSessionRecord | undefined => {
    const ref = from ?? call.context.caller.sessionId;
    const sender = ref === undefined ? undefined : workSessions.resolve(ref);
    assertMayWrite(call, sender?.sessionId);
    return sender;
  };
  const specTaskIdOf = async ({ specTask, project, to }: OwnParamsOf<'coordination.send'>, sender?: WorkSessionRecord): Promise<string> => {
    const named = specTask === undefined ? undefined : (await specTasks.resolve(specTask, project)).id;
    if (sender && named !== undefined && named !== sender.specTaskId) {
      throw new Failure(
        'INVALID_PARAMS',
        `"${sender.name}" works on another spec task, and messages stay within one; leave "specTask" out.`,
      );
    }
    if (sender || named !== undefined) return sender?.specTaskId ?? (named as string);
    if (to[0] !== undefined) return workSessions.resolve(to[0]).specTaskId;
    throw new Failure('INVALID_PARAMS', 'Name the spec task of the message with "specTask", or a work session with "from" or "to".');
  };
  return {
    'coordination.send': async (request, call) => {
      const sender = senderOf(call, request.from);
      const { from: _1, specTask: _2, project: _3, ...message } = request;
      return coordination.send({ ...message, specTaskId: await specTaskIdOf(request, sender), senderId: sender?.id }, originOf(call));
    },
    'coordination.list': async ({ specTask, project, ...wanted }) => coordination.list(await specTasks.resolve(specTask, project), wanted),
    'coordination.inbox': ({ workSession, limit }, call) => {
      const reader = workSessions.resolve(workSession);
      assertMayWrite(call, reader.sessionId);
      return coordination.inbox(reader, limit, originOf(call));
    },
    'coordination.ack': ({ id, workSession }, call) => {
      const reader = workSessions.resolve(workSession);
      assertMayWrite(call, reader.sessionId);
      return coordination.ack(id, reader, originOf(call));
    },
    'coordination.summary': async ({ specTask, project }) => coordination.summary(await specTasks.resolve(specTask, project)),
  };
}
