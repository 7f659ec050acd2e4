import type { Terminal } from '../../schemas/terminal.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Writer } from '../store/store.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';

export function terminalView({ createdAt, endedAt, shellRunId: _, ...record }: TerminalRecord): Terminal {
  return { ...record, createdAt: isoTime(createdAt), ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }) };
}

export function subjectOf(w: Writer, terminal: TerminalRecord) {
  const session = terminal.sessionId === undefined ? undefined : w.sessions.get(terminal.sessionId);
  return {
    ...(session === undefined ? {} : { projectId: session.projectId, sessionId: session.id }),
    ...(terminal.worktreeId === undefined ? {} : { worktreeId: terminal.worktreeId }),
  };
}
