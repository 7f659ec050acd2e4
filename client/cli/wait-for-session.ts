// What `run` and `start` do with a session they started: follow it, pass Ctrl-C on, tell how it ended.
import type { Session } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import type { Cli } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { followSession, type SessionRecord } from './follow-session.ts';
import { formatError } from './format-error.ts';
import { onInterrupts } from './interrupts.ts';
import type { Output } from './output.ts';
import type { StepView } from './step-view.ts';
import { printable } from './text.ts';

/** The ended session; undefined when the user left it. */
export async function waitForSession(
  cli: Cli,
  client: Client,
  session: Session,
  { after, view }: { after: string; view: StepView },
): Promise<SessionRecord | undefined> {
  const leave = new AbortController();
  const stop = onInterrupts(
    () => {
      if (cli.out.terminal) cli.out.line('');
      cli.out.note(`coppice: Cancelling ${session.slug}; press Ctrl-C again to leave it to the daemon.`);
      client.session.cancel({ id: session.id, reason: 'interrupted' }).catch((error: unknown) => cli.out.note(formatError(error)));
    },
    () => leave.abort(),
  );
  try {
    return await followSession(client, session.id, { after, view, signal: leave.signal });
  } finally {
    stop();
    view.close();
  }
}

export function reportEnd(out: Output, session: SessionRecord): void {
  if (session.status === 'succeeded') {
    if (!out.json) out.line(`${session.slug} ${out.paint('succeeded', 'green')}`);
    return;
  }
  const reason = session.reason === undefined || session.reason === session.status ? '' : ` (${session.reason})`;
  out.note(printable(`coppice: ${session.slug} ${session.status}${reason}${session.error === undefined ? '' : `: ${session.error}`}`));
}

/** The status of a command whose user left a session that runs on. */
export const leftExitCode = exitCodes.cancelled;
