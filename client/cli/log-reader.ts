// The output of a session, step run after step run, each byte once.
import { Failure } from '../../schemas/errors.ts';
import type { StepRun } from '../../schemas/index.ts';
import { limits } from '../../schemas/limits.ts';
import type { Client } from '../client.ts';
import type { StreamItem } from '../event-stream.ts';
import { hasEnded, type SessionRecord } from './follow-session.ts';
import type { Output } from './output.ts';
import { reading } from './reading.ts';

interface Progress {
  offset: number;
  done: boolean;
}

const waiting: readonly string[] = ['pending', 'running'];

/** Where output goes. */
export type LogSink = Pick<Output, 'json' | 'document' | 'bytes'>;

interface LogOptions {
  readonly sessionId: string;
  readonly step: number | undefined;
  /** Of each step, only what is after this many bytes from the end of what is there when it is looked at first. */
  readonly lastBytes?: number;
  /** Ends it, also while a daemon that went away is waited for. */
  readonly signal?: AbortSignal;
}

export class LogReader {
  readonly #client: Client;
  readonly #out: LogSink;
  readonly #sessionId: string;
  readonly #step: number | undefined;
  readonly #lastBytes: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #progress = new Map<string, Progress>();

  constructor(client: Client, out: LogSink, options: LogOptions) {
    this.#client = client;
    this.#out = out;
    this.#sessionId = options.sessionId;
    this.#step = options.step;
    this.#lastBytes = options.lastBytes;
    this.#signal = options.signal;
  }

  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** Prints what is there and not printed yet, in order. A step that still runs holds back the ones after it, unless nothing more is awaited. */
  async read(runs: readonly StepRun[], { toTheEnd }: { toTheEnd: boolean }): Promise<void> {
    const wanted = runs.filter((run) => this.#step === undefined || run.index === this.#step);
    if (toTheEnd && this.#step !== undefined && wanted.length === 0) {
      throw new Failure('NOT_FOUND', `The session has no step ${this.#step}; "coppice show" lists its steps.`);
    }
    for (const run of wanted) {
      const progress = this.#progressOf(run);
      const isOver = toTheEnd || !waiting.includes(run.status);
      if (!progress.done && (run.status !== 'pending' || run.outputSize > 0)) await this.#readRun(run, progress);
      if (isOver) progress.done = true;
      else return;
    }
  }

  /** False when the event tells of bytes that were printed already. */
  isNews(event: StreamItem): boolean {
    if (event.type !== 'session.outputGrew') return true;
    return event.data.size > (this.#progress.get(event.data.stepRunId)?.offset ?? 0);
  }

  /** Asks again what a daemon took with it, until the signal. */
  reading<T>(ask: () => Promise<T>): Promise<T> {
    return reading(ask, this.#signal);
  }

  async #readRun(run: StepRun, progress: Progress): Promise<void> {
    for (;;) {
      const range = { offset: progress.offset, limit: limits.readOutputBytes };
      const encoding = this.#out.json ? 'utf8' : 'base64';
      const part = await this.reading(() => this.#client.session.readOutput({ id: this.#sessionId, step: run.id, ...range, encoding }));
      if (part.nextOffset === progress.offset) return;
      await this.#print(run, part);
      progress.offset = part.nextOffset;
      if (part.nextOffset >= part.size) return;
    }
  }

  async #print(run: StepRun, part: { offset: number; nextOffset: number; data: string }): Promise<void> {
    const { offset, nextOffset, data } = part;
    if (this.#out.json) this.#out.document({ stepRunId: run.id, index: run.index, name: run.name, offset, nextOffset, data });
    else await this.#out.bytes(Buffer.from(data, 'base64'));
  }

  #progressOf({ id, outputSize }: StepRun): Progress {
    const offset = this.#lastBytes === undefined ? 0 : Math.max(0, outputSize - this.#lastBytes);
    const known = this.#progress.get(id) ?? { offset, done: false };
    this.#progress.set(id, known);
    return known;
  }
}

/** Goes on until the session has ended. Events only wake it: what is printed always comes from the files. */
export async function followLogs(client: Client, reader: LogReader, session: SessionRecord): Promise<void> {
  if (hasEnded(session)) return reader.read(session.stepRuns, { toTheEnd: true });
  const { signal } = reader;
  const stream = client.events({
    // It begins with a marker, and only what is read after that is followed without a gap: growth is told to those who listen already.
    initial: true,
    subject: { sessionId: session.id },
    types: ['session.*', 'step.*'],
    output: true,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const event of stream) {
    if (!reader.isNews(event)) continue;
    const now = await reader.reading(() => client.session.get({ id: session.id }));
    await reader.read(now.stepRuns, { toTheEnd: hasEnded(now) });
    if (hasEnded(now)) return;
  }
}
