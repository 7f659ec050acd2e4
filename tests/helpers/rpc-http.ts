// HTTP written by hand, so that a test can send what no well-behaved client would.
import { createConnection } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** The answer up to the end of the connection, or up to its head for an upgrade. Status 0: the connection ended without one. */
export function rawHttp(port: number, requestLine: string, headers: readonly string[], body = '', host = '127.0.0.1'): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host });
    let text = '';
    const finish = (): void => {
      socket.destroy();
      const end = text.indexOf('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
      resolve({ status, headers: text.slice(0, Math.max(0, end)).toLowerCase(), body: end === -1 ? '' : text.slice(end + 4) });
    };
    socket.on('error', finish);
    socket.on('close', finish);
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) finish();
    });
    socket.on('connect', () => socket.write(`${[requestLine, ...headers].join('\r\n')}\r\n\r\n${body}`));
  });
}

export const upgradeHeaders: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
