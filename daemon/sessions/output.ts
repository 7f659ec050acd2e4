// The output of steps: files with byte offsets, read in ranges.
import { relative } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { packedAway } from '../artifacts/packed-away.ts';
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
