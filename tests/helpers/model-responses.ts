// The OpenAI Responses API as far as coding agents use it: a list of items in, events of one response out.
import { type Reply, replyTo, type Tool, type Turn } from './model-script.ts';

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string | readonly { readonly text?: string }[];
}

export interface ResponsesRequest {
  readonly model?: string;
  readonly input: string | readonly Item[];
  readonly tools?: readonly { readonly type: string; readonly name?: string; readonly parameters?: { readonly properties?: object } }[];
}

export function responsesReply({ input, tools = [] }: ResponsesRequest): Reply {
  const items: readonly Item[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const turns = items.map(({ type = '', role, content = '' }): Turn => {
    if (type.endsWith('_output')) return { results: 1 };
    if (role !== 'user') return {};
    return { text: typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n') };
  });
  const offered = tools.map(({ type, name = type, parameters }): Tool => ({ name, takes: Object.keys(parameters?.properties ?? {}) }));
  return replyTo(turns, offered, undefined);
}

export function responsesEvents(id: string, model: string | undefined, reply: Exclude<Reply, { failStatus: number }>) {
  const response = { id: `resp_${id}`, object: 'response', model };
  const usage = {
    ...{ input_tokens: 100, input_tokens_details: { cached_tokens: 0 } },
    ...{ output_tokens: 20, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 120 },
  };
  const item = itemOf(id, reply);
  const text = 'call' in reply ? [] : [{ type: 'response.output_text.delta', item_id: item.id, delta: reply.closing }];
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: 'content' in item ? { ...item, content: [], status: 'in_progress' } : item,
    },
    ...text.map((event) => ({ ...event, output_index: 0, content_index: 0 })),
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [item], usage } },
  ].map((event, index) => ({ ...event, sequence_number: index }));
}

function itemOf(id: string, reply: Exclude<Reply, { failStatus: number }>) {
  if ('call' in reply) {
    const { name, input } = reply.call;
    return { type: 'function_call', id: `fc_${id}`, call_id: `call_${id}`, name, arguments: JSON.stringify(input), status: 'completed' };
  }
  const content = [{ type: 'output_text', text: reply.closing, annotations: [] }];
  return { type: 'message', id: `item_${id}`, role: 'assistant', status: 'completed', content };
}
