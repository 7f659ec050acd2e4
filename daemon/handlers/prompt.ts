import { Failure } from '../../schemas/errors.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Pick<HandlersOf<'workSession'>, 'workSession.sendPrompt' | 'workSession.listPrompts' | 'workSession.attach'>;

/** What goes to the agent of a work session, and how to watch it. */
export function promptHandlers({ instanceService, workSessions, store, tmux }: Services): Handled {
  return {
    'workSession.sendPrompt': ({ id, ...prompt }, call) => instanceService.sendPrompt(workSessions.resolve(id), prompt, originOf(call)),
    'workSession.listPrompts': ({ id, cursor, limit }) => instanceService.listPrompts(workSessions.resolve(id), cursor, limit),
    'workSession.attach': ({ id, insideTmux }) => {
      const workSession = workSessions.resolve(id);
      const terminal = store.read((r) => {
        const thread = r.threads.ofWorkSession(workSession.id);
        const host = r.sessions.active().find(({ instanceId }) => instanceId !== undefined && instanceId === thread?.instanceId);
        // With the adapter tmux its agent is in the terminal of its own session.
        const sessionId = host?.id ?? workSession.sessionId;
        return sessionId === undefined ? undefined : r.terminals.liveOfSession(sessionId);
      });
      if (terminal) return { argv: tmux.attachArgv(terminal.tmuxId, insideTmux) };
      throw new Failure('PRECONDITION', `Nothing of work session "${workSession.name}" runs in a terminal now.`, {
        details: { reason: 'no_terminal' },
      });
    },
  };
}
