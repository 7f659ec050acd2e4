// How the demo tells what happens: short lines, with the time since the start.
import type { ClientEvent, StreamItem } from '../../client/index.ts';

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints events with the time since now; some of them say nothing to somebody who looks on. */
export function createTeller(): (who: string, event: ClientEvent) => void {
  const startedAt = performance.now();
  return (who, event) => {
    const detail = detailOf(event);
    if (detail === undefined) return;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2).padStart(5);
    say(`  ${seconds} s  ${who.padEnd(4)} ${event.type.padEnd(17)} ${detail}`);
  };
}

function detailOf(event: ClientEvent): string | undefined {
  switch (event.type) {
    case 'session.started':
      return event.data.slug;
    case 'worktree.created':
    case 'worktree.retained':
      return event.data.branch;
    case 'terminal.created':
    case 'terminal.ended':
      return event.data.name;
    case 'step.started':
      return event.data.phase === 'lifecycle' ? undefined : event.data.name;
    case 'step.finished':
      return event.data.phase === 'lifecycle' && event.data.status === 'succeeded' ? undefined : `${event.data.name}: ${event.data.status}`;
    case 'session.finished':
      return event.data.status;
    default:
      return undefined;
  }
}

export function isEvent(item: StreamItem): item is ClientEvent {
  return !item.type.startsWith('stream.');
}
