import { Failure } from '../../schemas/errors.ts';

/** Where a client stands in the log: `"<epoch>:<seq>"`. Positions of two epochs cannot be compared. */
export function formatCursor(epoch: string, seq: number): string {
  return `${epoch}:${seq}`;
}

export function parseCursor(text: string): { epoch: string; seq: number } {
  const match = /^([0-9a-z]{1,32}):(\d{1,15})$/.exec(text);
  if (!match) throw new Failure('INVALID_PARAMS', `"${text}" is not a cursor; pass one that an event answer carried.`);
  return { epoch: match[1] as string, seq: Number(match[2]) };
}

/** Decides the epoch at start: a new one for a new database, and after the machine went down before the log was surely on disk. */
export function epochFor(
  known: { epoch?: string | undefined; machineBootId?: string | undefined; cleanStop?: string | undefined },
  machineBootId: string,
  fresh: () => string,
): string {
  if (known.epoch === undefined) return fresh();
  return known.machineBootId === machineBootId || known.cleanStop === '1' ? known.epoch : fresh();
}
