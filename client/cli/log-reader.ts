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
}

interface Progress {
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

  /** Hands on what is there and was not yet, in order. A step that still runs holds back the ones after it, unless nothing more is awaited. */
  async read(runs: readonly StepRun[], { toTheEnd }: { toTheEnd: boolean }): Promise<void> {
    const { step } = this.#options;
    const wanted = runs.filter((run) => step === undefined || run.index === step);
    if (toTheEnd && step !== undefined && wanted.length === 0) {
      throw new Failure('NOT_FOUND', `The session has no step ${step}; "coppice show" lists its steps.`);
    }
    for (const run of wanted) {
      const progress = this.#progressOf(run.id);
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

  async #readRun(run: StepRun, progress: Progress): Promise<void> {
    for (;;) {
      const part = await reading(() =>
        this.#client.session.readOutput({
          id: this.#options.sessionId,
          step: run.id,
          offset: progress.offset,
          limit: limits.readOutputBytes,
          encoding: this.#sink.encoding,
        }),
      );
      if (part.nextOffset === part.offset) return;
      await this.#sink.take(run, part);
      progress.offset = part.nextOffset;
      if (part.nextOffset >= part.size) return;
    }
  }

  #progressOf(stepRunId: string): Progress {
    const { tailBytes } = this.#options;
    const known = this.#progress.get(stepRunId) ?? { offset: tailBytes === undefined ? 0 : -tailBytes, done: false };
    this.#progress.set(stepRunId, known);
    return known;
  }
}

/** Goes on until the session has ended. Events only wake it: what is printed always comes from the files. */
export async function followLogs(
  client: Client,
  reader: LogReader,
  session: SessionRecord,
  options: { after: string; signal?: AbortSignal },
): Promise<void> {
  await reader.read(session.stepRuns, { toTheEnd: hasEnded(session) });
  if (hasEnded(session)) return;
  const stream = client.events({ ...options, subject: { sessionId: session.id }, types: ['session.*', 'step.*'], output: true });
  for await (const event of stream) {
    if (!reader.isNews(event)) continue;
    const now = await reading(() => client.session.get({ id: session.id }));
    await reader.read(now.stepRuns, { toTheEnd: hasEnded(now) });
    if (hasEnded(now)) return;
  }
}
