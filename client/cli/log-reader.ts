// The output of a session, step run after step run, each byte once.
import { Failure } from '../../schemas/errors.ts';
import type { ResultOf, StepRun } from '../../schemas/index.ts';
import { limits } from '../../schemas/limits.ts';
import type { Client } from '../client.ts';
import type { StreamItem } from '../event-stream.ts';
import { hasEnded, type SessionRecord } from './follow-session.ts';
import { reading } from './reading.ts';

/** Where the output goes, part after part. */
export interface OutputSink {
  /** base64 for whoever wants the bytes as they are. */
  readonly encoding: 'utf8' | 'base64';
  take(run: StepRun, part: ResultOf<'session.readOutput'>): Promise<void> | void;
}

export interface LogReaderOptions {
  readonly sessionId: string;
  readonly step?: number | undefined;
  /** At the first look at a step, only so much of the end of what is there. */
  readonly tailBytes?: number;
  /** Ends it, also while a daemon that went away is waited for. */
  readonly signal?: AbortSignal;
}

interface Progress {
  readonly attempt: number;
  /** Negative before the first look: from the end. */
  offset: number;
  done: boolean;
}

const waiting: readonly string[] = ['pending', 'running'];

export class LogReader {
  readonly #client: Client;
  readonly #sink: OutputSink;
  readonly #options: LogReaderOptions;
  readonly #progress = new Map<string, Progress>();

  constructor(client: Client, sink: OutputSink, options: LogReaderOptions) {
    this.#client = client;
    this.#sink = sink;
    this.#options = options;
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** Hands on what is there and was not yet, in order. A step that still runs holds back the ones after it, unless nothing more is awaited. */
  async read(runs: readonly StepRun[], { toTheEnd }: { toTheEnd: boolean }): Promise<void> {
    const { step } = this.#options;
    const wanted = runs.filter((run) => step === undefined || run.index === step);
    if (toTheEnd && step !== undefined && wanted.length === 0) {
      throw new Failure('NOT_FOUND', `The session has no step ${step}; "coppice show" lists its steps.`);
    }
    for (const run of wanted) {
      const progress = this.#progressOf(run);
      const isOver = toTheEnd || !waiting.includes(run.status);
      if (!progress.done && (run.status !== 'pending' || run.outputSize > 0)) await this.#readRun(run, progress);
      if (isOver) progress.done = true;
      else return;
    }
  }

  /** False when the event tells of bytes that were handed on already. */
  isNews(event: StreamItem): boolean {
    if (event.type !== 'session.outputGrew') return true;
    return event.data.size > (this.#progress.get(event.data.stepRunId)?.offset ?? 0);
  }

  /** Asks again what a daemon took with it, until the signal. */
  reading<T>(ask: () => Promise<T>): Promise<T> {
    return reading(ask, this.signal);
  }

  async #readRun(run: StepRun, progress: Progress): Promise<void> {
    const { sessionId } = this.#options;
    for (;;) {
      const range = { offset: progress.offset, limit: limits.readOutputBytes, encoding: this.#sink.encoding };
      const part = await this.reading(() => this.#client.session.readOutput({ id: sessionId, step: run.id, ...range }));
      if (part.nextOffset === part.offset) return;
      await this.#sink.take(run, part);
      progress.offset = part.nextOffset;
      if (part.nextOffset >= part.size) return;
    }
  }

  /** Each attempt has an output of its own, from the first byte on. */
  #progressOf({ id, attempt }: StepRun): Progress {
    const known = this.#progress.get(id);
    if (known?.attempt === attempt) return known;
    const { tailBytes } = this.#options;
    const begun = { attempt, offset: tailBytes === undefined || known !== undefined ? 0 : -tailBytes, done: false };
    this.#progress.set(id, begun);
    return begun;
  }
}

/** Goes on until the session has ended. Events only wake it: what is handed on always comes from the files. */
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
