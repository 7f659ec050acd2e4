// A model provider on loopback for real coding agents: it speaks the Anthropic Messages and the OpenAI Responses API, and does what the
// script in the prompt says (model-script.ts). An agent that talks to it needs no account and no network.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MessagesRequest, messagesAnswer, messagesEvents, messagesReply } from './model-anthropic.ts';
import { type ResponsesRequest, responsesEvents, responsesReply } from './model-responses.ts';

export interface ModelStub extends AsyncDisposable {
  readonly url: string;
  /** Method and path of each request, in order. */
  readonly requests: readonly string[];
  /** What it could not answer; empty when all went well. */
  readonly problems: readonly string[];
}

export async function startModelStub(): Promise<ModelStub> {
  const requests: string[] = [];
  const problems: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    requests.push(`${request.method} ${path}`);
    answer(request, response, path, String(requests.length)).catch((error: unknown) => {
      problems.push(`${request.method} ${path}: ${String(error)}`);
      response.headersSent ? response.destroy() : sendJson(response, { error: { type: 'api_error', message: String(error) } }, 500);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    problems,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, path: string, id: string): Promise<void> {
  const body = await bodyOf(request);
  if (request.method === 'HEAD') return void response.end();
  if (path.endsWith('/models')) return sendJson(response, { object: 'list', data: [], models: [], has_more: false });
  if (path.endsWith('/messages/count_tokens')) return sendJson(response, { input_tokens: 100 });
  if (path.endsWith('/messages')) return answerMessages(response, body as MessagesRequest, id);
  if (path.endsWith('/responses')) return answerResponses(response, body as ResponsesRequest, id);
  sendJson(response, { error: { type: 'not_found_error', message: `there is no ${path} here` } }, 404);
}

function answerMessages(response: ServerResponse, body: MessagesRequest, id: string): void {
  const reply = messagesReply(body);
  if ('failStatus' in reply) {
    const type = reply.failStatus === 429 ? 'rate_limit_error' : 'api_error';
    sendJson(response, { type: 'error', error: { type, message: 'scripted failure' } }, reply.failStatus);
  } else if (body.stream) {
    sendEvents(response, messagesEvents(messagesAnswer(id, body.model, reply)));
  } else {
    sendJson(response, messagesAnswer(id, body.model, reply));
  }
}

function answerResponses(response: ServerResponse, body: ResponsesRequest, id: string): void {
  const reply = responsesReply(body);
  if ('failStatus' in reply) sendJson(response, { error: { message: 'scripted failure', type: 'server_error' } }, reply.failStatus);
  else sendEvents(response, responsesEvents(id, body.model, reply));
}

function sendEvents(response: ServerResponse, events: readonly { readonly type: string }[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}
