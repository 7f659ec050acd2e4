// The Anthropic Messages API as far as coding agents use it: a conversation in, events of one answer out.
import { type Reply, replyTo, type Tool, type Turn, workingDirectoryIn } from './model-script.ts';

interface Block {
  readonly type?: string;
  readonly text?: string;
}
type Content = string | readonly Block[];

export interface MessagesRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly system?: Content;
  readonly messages: readonly { readonly role: string; readonly content: Content }[];
  readonly tools?: readonly { readonly name: string; readonly input_schema?: { readonly properties?: object } }[];
}

export function messagesReply({ system = '', messages, tools = [] }: MessagesRequest): Reply {
  const turns = messages
    .filter(({ role }) => role === 'user')
    .map(({ content }): Turn => ({ text: textOf(content), results: resultsIn(content) }));
  const offered = tools.map(({ name, input_schema }): Tool => ({ name, takes: Object.keys(input_schema?.properties ?? {}) }));
  return replyTo(turns, offered, workingDirectoryIn([textOf(system), ...turns.map(({ text = '' }) => text)].join('\n')));
}

export function messagesAnswer(id: string, model: string | undefined, reply: Exclude<Reply, { failStatus: number }>) {
  const isCall = 'call' in reply;
  const block = isCall
    ? { type: 'tool_use', id: `toolu_${id}`, name: reply.call.name, input: reply.call.input }
    : { type: 'text', text: reply.closing };
  return {
    ...{ id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [block] },
    ...{ stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null, usage: { input_tokens: 100, output_tokens: 20 } },
  };
}

/** The same as a stream. */
export function messagesEvents(answer: ReturnType<typeof messagesAnswer>): { readonly type: string }[] {
  const { content, stop_reason, stop_sequence, usage, ...message } = answer;
  const [block] = content;
  const begun = block && 'input' in block ? { ...block, input: {} } : { type: 'text', text: '' };
  const delta =
    block && 'input' in block
      ? { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
      : { type: 'text_delta', text: block?.text ?? '' };
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } };
  return [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: begun },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage: { output_tokens: usage.output_tokens } },
    { type: 'message_stop' },
  ] as { readonly type: string }[];
}

function textOf(content: Content): string {
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n');
}

function resultsIn(content: Content): number {
  return typeof content === 'string' ? 0 : content.filter(({ type }) => type === 'tool_result').length;
}
