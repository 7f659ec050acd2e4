// The pane of a host as a readable transcript. Text of an agent is text: no escape sequence of it reaches the terminal.
import { stripVTControlCharacters } from 'node:util';
import type { HostEvent } from './protocol.ts';

interface Update {
  readonly sessionUpdate?: string;
  readonly content?: { readonly type?: string; readonly text?: string };
  readonly title?: string;
  readonly status?: string;
}

/** undefined: nothing to read. A chunk of a message has no line feed of its own. */
export function transcriptOf(event: HostEvent): string | undefined {
  const head = (text: string): string => `\n── ${event.threadId === undefined ? '' : `${event.threadId} `}${plain(text)}\n`;
  switch (event.kind) {
    case 'update':
      return ofUpdate((event.data.update ?? {}) as Update);
    case 'turn.started':
      return head(`prompt ${event.data.promptId}`);
    case 'turn.finished':
      return head(`turn ended: ${event.data.stopReason}`);
    case 'turn.failed':
      return head(`turn failed: ${event.data.message}`);
    case 'permission.requested':
      return head(`asks: ${event.data.title}`);
    case 'permission.settled':
      return head(`permission ${event.data.how}`);
    case 'thread.opened':
      return head(`opened (${event.data.how}), agent pid ${event.data.agentPid}`);
    case 'thread.openFailed':
      return head(`could not be opened: ${event.data.message}`);
    case 'thread.exited':
      return head('agent ended');
    case 'notice':
      return head(event.data.text);
    default:
      return undefined;
  }
}

function ofUpdate({ sessionUpdate, content, title, status }: Update): string | undefined {
  if (sessionUpdate === 'agent_message_chunk' || sessionUpdate === 'agent_thought_chunk') return plain(content?.text ?? '');
  if (sessionUpdate === 'tool_call') return `\n· ${plain(title ?? 'tool')}\n`;
  if (sessionUpdate === 'tool_call_update' && status !== undefined) return `\n· ${plain(title ?? 'tool')} ${plain(status)}\n`;
  return undefined;
}

function plain(said: unknown): string {
  return stripVTControlCharacters(String(said)).replaceAll(/\p{Cc}/gu, (char) => (char === '\n' || char === '\t' ? char : ''));
}
