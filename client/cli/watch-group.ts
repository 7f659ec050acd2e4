// What `group` and `gate` do with a group they started: follow it, pass Ctrl-C on, tell how it ended, and exit so.
import type { Group } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import type { Cli } from './context.ts';
import { exitCodeOfGroup, exitCodes } from './exit-codes.ts';
import { followGroup, type GroupFollowView } from './follow-group.ts';
import { formatError } from './format-error.ts';
import { onInterrupts } from './interrupts.ts';
import type { Output } from './output.ts';
import { oneLine, printable } from './text.ts';

/** `after`: a cursor from before the start. `told`: what is printed of the ended group beside its outcome. */
export async function watchGroup(
  cli: Cli,
  client: Client,
  group: Group,
  { after, told = async () => undefined }: { after: string; told?: (ended: Group) => Promise<void> },
): Promise<void> {
  const { out } = cli;
  if (!out.json) out.line(`${group.id} started: ${group.members.map(({ slug }) => slug).join(', ')}`);
  const leave = new AbortController();
  const stop = onInterrupts(
    () => {
      out.note(`coppice: Cancelling ${group.id}; press Ctrl-C again to leave it to the daemon.`);
      client.group.cancel({ id: group.id, reason: 'interrupted' }).catch((error: unknown) => out.note(formatError(error)));
    },
    () => leave.abort(),
  );
  try {
    const ended = await followGroup(client, group.id, { after, view: viewOf(out), signal: leave.signal });
    if (ended === undefined) return cli.exitWith(exitCodes.cancelled);
    if (out.json) out.document(ended);
    else await told(ended);
    reportEnd(out, ended);
    cli.exitWith(exitCodeOfGroup(ended));
  } finally {
    stop();
  }
}

function viewOf(out: Output): GroupFollowView {
  if (out.json) return {};
  return {
    memberFinished({ slug, agent, status, reason }) {
      const why = status === 'succeeded' || reason === undefined || reason === status ? '' : ` (${oneLine(reason)})`;
      out.line(`${agent === undefined ? '' : `${oneLine(agent)} `}${slug} ${status}${why}`);
    },
    retried: ({ members }) => out.line(`${members.length === 1 ? '1 member is' : `${members.length} members are`} tried again`),
  };
}

function reportEnd(out: Output, { id, status, reason, succeeded, required, members }: Group): void {
  const why = reason === undefined || reason === status ? '' : ` (${reason})`;
  const counts = `${succeeded} of ${members.length} succeeded, ${required} required`;
  if (status === 'succeeded') {
    if (!out.json) out.line(`${id} ${out.paint('succeeded', 'green')}: ${counts}`);
    return;
  }
  const accepted = status === 'degraded' ? '; it is accepted, look at the others' : '';
  out.note(printable(`coppice: ${id} ${status}${why}: ${counts}${accepted}.`));
}
