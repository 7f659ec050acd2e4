// JSON-RPC 2.0 in lines on the pipes of an agent. It checks no more than the envelope: unknown methods, kinds and fields of a newer agent
// get through to whoever knows what to do with them.
import type { Readable, Writable } from 'node:stream';
import { limits } from '../../../schemas/limits.ts';

export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export interface AgentWire {
  /** Rejects with an AgentError that the agent answered, or with what ended the wire. */
  call(method: string, params: unknown): Promise<Record<string, unknown>>;
  notify(method: string, params: unknown): void;
  /** What waits ends with this error; nothing is read any more. */
  end(error: Error): void;
}

export interface AgentWireOptions {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** What it answers or throws goes back; an AgentError with its code. */
  readonly onRequest: (method: string, params: Record<string, unknown>, id: number | string) => Promise<unknown>;
  readonly onNotification: (method: string, params: Record<string, unknown>) => void;
  /** The two sides do not understand each other any more. */
  readonly onFault: (message: string) => void;
}

interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: unknown };
}

const lineFeed = 10;

export function createAgentWire({ stdin, stdout, onRequest, onNotification, onFault }: AgentWireOptions): AgentWire {
  const pending = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let ended: Error | undefined;
  let parts: Buffer[] = [];
  let waitingBytes = 0;

  const send = (message: Message): void => {
    if (ended === undefined && stdin.writable) stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const fault = (message: string): void => {
    if (ended !== undefined) return;
    end(new Error(message));
    onFault(message);
  };
  const end = (error: Error): void => {
    if (ended !== undefined) return;
    ended = error;
    parts = [];
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const receive = (message: Message): void => {
    const { id, method, result, error } = message;
    const params = typeof message.params === 'object' && message.params !== null ? message.params : {};
    if (typeof method === 'string') {
      if (id === undefined || id === null) {
        onNotification(method, params);
        return;
      }
      onRequest(method, params, id).then(
        (answer) => send({ id, result: answer ?? {} }),
        (reason: unknown) => {
          const { code = -32603, message: text = String(reason) } = reason as Partial<AgentError>;
          send({ id, error: { code: typeof code === 'number' ? code : -32603, message: text } });
        },
      );
      return;
    }
    const call = typeof id === 'number' ? pending.get(id) : undefined;
    if (!call) return;
    pending.delete(id as number);
    if (error) call.reject(new AgentError(error.code ?? 0, error.message ?? 'no message', error.data));
    else call.resolve((result ?? {}) as Record<string, unknown>);
  };
  const line = (bytes: Buffer): void => {
    const text = bytes.toString('utf8').trim();
    if (text === '' || ended !== undefined) return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      fault(`it wrote a line that is no JSON: "${text.slice(0, 200)}"`);
      return;
    }
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) receive(message as Message);
    else fault(`it wrote a line that is no message: "${text.slice(0, 200)}"`);
  };
  stdout.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1 && ended === undefined; at = chunk.indexOf(lineFeed, from)) {
      parts.push(chunk.subarray(from, at));
      const whole = Buffer.concat(parts);
      parts = [];
      waitingBytes = 0;
      from = at + 1;
      line(whole);
    }
    if (ended !== undefined) return;
    parts.push(chunk.subarray(from));
    waitingBytes += chunk.length - from;
    if (waitingBytes > limits.agentLineBytes) fault(`it wrote a line of more than ${limits.agentLineBytes} bytes`);
  });
  // A write to a program that has just ended fails here; its end is told by the process.
  stdin.on('error', () => undefined);
  stdout.on('error', () => undefined);
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        const id = nextId;
        nextId += 1;
        pending.set(id, { resolve, reject });
        send({ id, method, params: params as Record<string, unknown> });
      }),
    notify: (method, params) => send({ method, params: params as Record<string, unknown> }),
    end,
  };
}
