// The output of steps: files with byte offsets, read in ranges, watched only while somebody follows.
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { packedAway } from '../artifacts/packed-away.ts';
import type { Feed } from '../events/feed.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { readRange } from '../tools/read-range.ts';

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
  /** Tells of growing output of a session, as ephemeral events, until the returned function is called. */
  follow(session: SessionRecord): () => void;
}

/** One watch a followed session, on its folder of logs. */
export function createOutputWatch({ store, feed }: { store: Store; feed: Feed }): OutputWatch {
  const followed = new Map<string, { watcher: FSWatcher; followers: number }>();

  const start = (session: SessionRecord): FSWatcher => {
    const folder = join(session.artifactDir, 'logs');
    const busy = new Set<string>();
    const again = new Set<string>();
    const tell = async (file: string): Promise<void> => {
      // While one look is under way, further changes wait for the next one: a flood costs no more than a trickle.
      if (busy.has(file)) return void again.add(file);
      busy.add(file);
      do {
        again.delete(file);
        const row = store
          .read((r) => r.steps.ofSession(session.id))
          .findLast(({ outputPath }) => outputPath !== undefined && basename(outputPath) === file);
        const size = await stat(join(folder, file)).then(
          (found) => found.size,
          () => 0,
        );
        if (row) {
          const data = { stepRunId: row.id, index: row.index, size: Math.max(0, size - row.outputOffset) };
          feed.emit({
            type: 'session.outputGrew',
            subject: { projectId: session.projectId, sessionId: session.id },
            actor: 'daemon',
            data,
          });
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
    follow(session) {
      if (session.endedAt !== undefined) return () => {};
      const entry = followed.get(session.id) ?? { watcher: start(session), followers: 0 };
      followed.set(session.id, entry);
      entry.followers += 1;
      let released = false;
      return () => {
        if (released) return;
        released = true;
        entry.followers -= 1;
        if (entry.followers > 0) return;
        entry.watcher.close();
        followed.delete(session.id);
      };
    },
  };
}
