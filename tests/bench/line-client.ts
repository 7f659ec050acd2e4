// The client of the bench: newline-delimited lines over a Unix socket, the same code for the daemon and for its raw limit.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

export interface LineClient {
  /** Sends and waits for `count` lines; with `window` of them on the way at any time. The last line is answered. */
  pump(request: (index: number) => string, count: number, window: number): Promise<string>;
  send(line: string): void;
  /** Calls a method and answers its result. Not while a pump runs. */
  call<T>(method: string, params: unknown): Promise<T>;
  /** Waits for the next line that passes. Lines that came before count for nothing. */
  next(passes: (line: string) => boolean): Promise<string>;
  close(): void;
}

export async function connectLines(socketPath: string): Promise<LineClient> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const takers = new Set<(lines: readonly string[]) => void>();
  readLines(socket, (lines) => {
    for (const take of takers) take(lines);
  });
  let lastId = 0;
  const next: LineClient['next'] = (passes) =>
    new Promise((resolve, reject) => {
      const take = (lines: readonly string[]): void => {
        const found = lines.find(passes);
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error('an expected line did not come'));
      }, 20_000);
      const settle = (): void => {
        clearTimeout(timer);
        takers.delete(take);
      };
      takers.add(take);
    });
  return {
    next,
    send: (line) => void socket.write(`${line}\n`),
    close: () => void socket.destroy(),
    async call(method, params) {
      lastId += 1;
      const id = `call-${lastId}`;
      const answer = next((line) => line.includes(`"id":"${id}"`));
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      const { result, error } = JSON.parse(await answer) as { result: never; error?: { message: string } };
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    pump: (request, count, window) =>
      new Promise((resolve) => {
        let sent = 0;
        let received = 0;
        const fill = (room: number): void => {
          let out = '';
          for (let left = room; left > 0 && sent < count; left -= 1, sent += 1) out += request(sent);
          if (out !== '') socket.write(out);
        };
        const take = (lines: readonly string[]): void => {
          received += lines.length;
          if (received < count) {
            fill(lines.length);
            return;
          }
          takers.delete(take);
          resolve(lines.at(-1) ?? '');
        };
        takers.add(take);
        fill(window);
      }),
  };
}

function readLines(socket: Socket, take: (lines: string[]) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) take(lines);
  });
}
