// The output of steps: files with byte offsets, read in ranges, watched only while somebody follows.
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join, relative } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { packedAway } from '../artifacts/packed-away.ts';
import type { EphemeralEvent, Feed } from '../events/feed.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { readRange } from '../tools/read-range.ts';
import { smallFiles } from '../tools/small-files.ts';

export interface OutputRange {
  readonly step?: string | number | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly encoding: 'utf8' | 'base64';
}

export async function readOutput(store: Store, session: SessionRecord, { step, offset, limit, encoding }: OutputRange) {
  const row = pick(
    store.read((r) => r.steps.ofSession(session.id)),
    session,
    step,
  );
  const complete = row.status !== 'running' && row.status !== 'pending';
  const { outputPath, outputOffset: base } = row;
  const found = outputPath === undefined ? undefined : await readRange(outputPath, { offset, limit, encoding, complete, base });
  if (found === undefined && outputPath !== undefined && row.outputSize > 0) throw outputGone(store, session, row, outputPath);
  const range = found ?? { offset: 0, nextOffset: 0, size: 0, data: '' };
  return {
    stepRunId: row.id,
    offset: range.offset,
    nextOffset: range.nextOffset,
    size: range.size,
    complete: complete && range.nextOffset === range.size,
    data: range.data,
  };
}

/** There was some, so nothing would be a lie. */
function outputGone(store: Store, session: SessionRecord, { id, name }: StepRecord, outputPath: string): Failure {
  const details = { entity: 'output', id };
  const message = `The output of step "${name}" of session "${session.slug}" was deleted with its artifacts.`;
  const inside = relative(session.artifactDir, outputPath);
  return packedAway(store, session, inside, details) ?? new Failure('NOT_FOUND', message, { details });
}

function pick(rows: readonly StepRecord[], session: SessionRecord, step: string | number | undefined): StepRecord {
  const found =
    step === undefined
      ? (rows.findLast((row) => row.outputPath !== undefined) ?? rows[0])
      : rows.findLast((row) => row.id === step || row.index === step);
  if (found) return found;
  throw new Failure('NOT_FOUND', `Session "${session.slug}" has no step ${step ?? ''}; "coppice show ${session.slug}" lists its steps.`, {
    details: { entity: 'step', id: step },
  });
}

export interface OutputWatch {
  /** Tells of growing output of a session until the returned function is called. */
  follow(session: SessionRecord, tell: (event: EphemeralEvent) => void): () => void;
}

/** One watch a followed session, on its folder of logs. */
export function createOutputWatch({ store, feed }: { store: Store; feed: Pick<Feed, 'emit' | 'lastSeq'> }): OutputWatch {
  /** Those who follow are told themselves: hundreds of others would each have to find out that it is not for them. */
  const followed = new Map<string, { watcher: FSWatcher; followers: Set<(event: EphemeralEvent) => void> }>();

  const start = (session: SessionRecord, followers: ReadonlySet<(event: EphemeralEvent) => void>): FSWatcher => {
    const folder = join(session.artifactDir, 'logs');
    const busy = new Set<string>();
    const again = new Set<string>();
    // Which step writes where changes with a logged event only, and a program that prints brings none.
    const known = new Map<string, { readonly asOf: number; readonly row: ReturnType<typeof lookUp> }>();
    const lookUp = (path: string) => store.read((r) => r.steps.writingTo(session.id, path));
    const rowOf = (path: string): ReturnType<typeof lookUp> => {
      const asOf = feed.lastSeq();
      const before = known.get(path);
      if (before?.asOf === asOf) return before.row;
      const row = lookUp(path);
      known.set(path, { asOf, row });
      return row;
    };
    const tell = async (file: string): Promise<void> => {
      // While one look is under way, further changes wait for the next one: a flood costs no more than a trickle.
      if (busy.has(file)) return void again.add(file);
      busy.add(file);
      do {
        again.delete(file);
        const path = join(folder, file);
        const row = rowOf(path);
        const size = await smallFiles.stat(path).then(
          (found) => found.size,
          () => 0,
        );
        if (row) {
          const data = { stepRunId: row.id, index: row.index, size: Math.max(0, size - row.outputOffset) };
          const subject = { projectId: session.projectId, sessionId: session.id };
          feed.emit({ type: 'session.outputGrew', subject, actor: 'daemon', data }, followers);
        }
      } while (again.has(file) && followed.has(session.id));
      busy.delete(file);
    };
    // A session in the queue has no folder yet.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const watcher = watch(folder, { persistent: false }, (_, file) => {
      if (file !== null) void tell(file);
    });
    // The output can be read without it; a watch that breaks only stops telling.
    watcher.on('error', () => undefined);
    return watcher;
  };
  return {
    follow(session, tell) {
      if (session.endedAt !== undefined) return () => {};
      const begin = () => {
        const followers = new Set<(event: EphemeralEvent) => void>();
        return { watcher: start(session, followers), followers };
      };
      const entry = followed.get(session.id) ?? begin();
      followed.set(session.id, entry);
      entry.followers.add(tell);
      return () => {
        if (!entry.followers.delete(tell) || entry.followers.size > 0) return;
        entry.watcher.close();
        followed.delete(session.id);
      };
    },
  };
}
