import { randomBytes } from 'node:crypto';
import { type ClientRequestArgs, get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { limits } from '../schemas/limits.ts';
import { RpcClientError } from './local-error.ts';
import { safeEqual } from './safe-equal.ts';
import type { Transport } from './transport.ts';
import { webSocketTransport } from './websocket-transport.ts';

export interface ConnectWebSocketOptions {
  readonly port: number;
  readonly host?: string;
  readonly token: string;
  /** What the daemon must answer to a challenge. When given, the token is shown only to who answers so. */
  expectProof?(challengeHex: string): string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** More headers, and the whole set of subprotocols: for tests. */
  readonly headers?: Readonly<Record<string, string>>;
}

export async function connectWebSocket(options: ConnectWebSocketOptions): Promise<Transport> {
  const { host = '127.0.0.1', port, token, timeoutMs = limits.webSocketHeadersMs } = options;
  options.signal?.throwIfAborted();
  if (options.expectProof !== undefined) await askForProof(host, port, timeoutMs, options.expectProof);
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const webSocket = new WebSocket(`ws://${authority}/`, {
    headers: { ...options.headers, authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handshakeTimeout: timeoutMs,
    followRedirects: false,
  });
  return await new Promise((resolve, reject) => {
    const onAbort = () => webSocket.terminate();
    options.signal?.addEventListener('abort', onAbort);
    const failed = (cause: unknown) => {
      options.signal?.removeEventListener('abort', onAbort);
      reject(new RpcClientError('NOT_CONNECTED', `No WebSocket connection to "${authority}": ${messageOf(cause)}.`, { cause }));
    };
    webSocket.once('error', failed);
    webSocket.once('upgrade', (response) => {
      const transport = webSocketTransport(webSocket, response.socket);
      webSocket.once('open', () => {
        options.signal?.removeEventListener('abort', onAbort);
        webSocket.off('error', failed);
        resolve(transport);
      });
    });
  });
}

async function askForProof(host: string, port: number, timeoutMs: number, expectProof: (challenge: string) => string): Promise<void> {
  const challenge = randomBytes(32).toString('hex');
  const answer = await fetchText({ host, port, path: `/proof?challenge=${challenge}`, timeout: timeoutMs, agent: false });
  if (!safeEqual(answer.trim(), expectProof(challenge))) {
    throw new RpcClientError('NOT_CONNECTED', `Who listens on port ${port} is not the daemon of this state directory; no token was shown.`);
  }
}

/** The first kilobyte of an answer: a proof is shorter, and a stranger may send for ever. */
function fetchText(request: ClientRequestArgs): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => {
      reject(new RpcClientError('NOT_CONNECTED', `No proof from port ${request.port}: ${messageOf(cause)}.`, { cause }));
    };
    const sent = get(request, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('error', failed);
      response.on('end', () => resolve(text));
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > 1024) sent.destroy(new Error('the answer is too long'));
      });
    });
    sent.on('error', failed);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${request.timeout} ms`)));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
