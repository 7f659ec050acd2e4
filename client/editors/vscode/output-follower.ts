// The output of one session in a channel of its own, from where it stands now to its end. Only the end of what is long is brought.
import { followLogs, LogReader, type OutputSink } from '../../cli/log-reader.ts';
import { type Client, isRpcClientError } from '../../index.ts';
import { createPlainParts, type PlainParts, plainLine } from './model/plain.ts';
import type { TextChannel } from './text-channel.ts';

const tailBytes = 256 * 1024;

export class OutputFollower {
  readonly #channel: TextChannel;
  readonly #failed: (error: unknown) => void;
  #following: { readonly sessionId: string; readonly ending: AbortController } | undefined;

  constructor(channel: TextChannel, failed: (error: unknown) => void) {
    this.#channel = channel;
    this.#failed = failed;
  }

  /** Followed already: it goes on. */
  follow(client: Client, sessionId: string): void {
    if (this.#following?.sessionId !== sessionId) this.#begin(client, sessionId);
  }

  /** After the daemon was away. */
  again(client: Client): void {
    if (this.#following !== undefined) this.#begin(client, this.#following.sessionId);
  }

  show(): void {
    this.#channel.show();
  }

  dispose(): void {
    this.#following?.ending.abort();
    this.#channel.dispose();
  }

  #begin(client: Client, sessionId: string): void {
    this.#following?.ending.abort();
    const ending = new AbortController();
    this.#following = { sessionId, ending };
    this.#channel.clear();
    this.#run(client, sessionId, ending.signal).catch((error: unknown) => {
      // An absence of the daemon is told by the link, which follows again after it.
      if (!ending.signal.aborted && !isRpcClientError(error)) this.#failed(error);
    });
  }

  async #run(client: Client, sessionId: string, signal: AbortSignal): Promise<void> {
    const session = await client.session.get({ id: sessionId });
    if (signal.aborted) return;
    this.#say(`${plainLine(session.slug)}: ${plainLine(session.commandName)}`);
    const sink = this.#sink(signal);
    await followLogs(client, new LogReader(client, sink, { sessionId, tailBytes, signal }), session);
    sink.end();
    if (signal.aborted) return;
    const { status, reason } = await client.session.get({ id: sessionId });
    if (!signal.aborted) this.#say(plainLine(`${status}${reason === undefined ? '' : ` (${reason})`}`));
  }

  #sink(signal: AbortSignal): OutputSink & { end(): void } {
    let current: { readonly id: string; readonly parts: PlainParts } | undefined;
    const end = (): void => {
      if (!signal.aborted) this.#channel.append(current?.parts.rest() ?? '');
    };
    return {
      end,
      encoding: 'utf8',
      take: (run, { offset, data }) => {
        if (signal.aborted) return;
        if (current?.id !== run.id) {
          end();
          current = { id: run.id, parts: createPlainParts() };
          const left = offset === 0 ? '' : `, without its first ${offset} bytes`;
          this.#say(`step ${run.index}, ${plainLine(run.name)}${left}`);
        }
        this.#channel.append(current.parts.take(data));
      },
    };
  }

  #say(text: string): void {
    this.#channel.lines(`── ${text}`);
  }
}
