import type { Session } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import type { Cli } from './context.ts';
import { exitCodeOfSession } from './exit-codes.ts';

/** Shows a session that was just started to its end, and exits as it did. `after`: a cursor from before the start. */
export async function watchSession(cli: Cli, client: Client, session: Session, after: string): Promise<void> {
  const { out } = cli;
  if (out.terminal) out.line(`${out.paint(session.slug, 'bold')} ${out.paint(session.id, 'dim')}`);
  else if (!out.json) out.line(`${session.slug} ${session.id} started`);
  const [{ leftExitCode, reportEnd, waitForSession }, { createStepView }] = await Promise.all([
    import('./wait-for-session.ts'),
    import('./step-view.ts'),
  ]);
  const ended = await waitForSession(cli, client, session, { after, view: createStepView(out) });
  if (ended === undefined) return cli.exitWith(leftExitCode);
  reportEnd(out, ended);
  if (out.json) out.document(ended);
  cli.exitWith(exitCodeOfSession(ended));
}
