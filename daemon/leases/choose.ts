// Which value a lease gets: a certain one when it is free, else the next free one.
import { Failure } from '../../schemas/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { LeaseRequest } from './service.ts';

export interface ChooserDeps {
  readonly ids: Ids;
  readonly isPortFree: (port: number) => Promise<boolean>;
  readonly portRange: () => string;
}

export type Chooser = (request: LeaseRequest, taken: ReadonlySet<string>) => Promise<string>;

export function createChooser({ ids, isPortFree, portRange }: ChooserDeps): Chooser {
  /** Goes round the range, so that a port that was just given back rests a while. */
  let lastPort = 0;

  const freePort = async (taken: ReadonlySet<string>): Promise<string> => {
    const [first = 0, last = 0] = portRange().split('-').map(Number);
    const count = last - first + 1;
    const start = lastPort >= first && lastPort < last ? lastPort + 1 - first : 0;
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count);
      if (taken.has(String(port)) || !(await isPortFree(port))) continue;
      lastPort = port;
      return String(port);
    }
    throw exhausted(`All ports of ${portRange()} are reserved or in use; release one, or widen [leases] ports.`, count);
  };
  const certainPort = async (port: number): Promise<string> => {
    if (await isPortFree(port)) return String(port);
    throw new Failure('PRECONDITION', `Port ${port} is in use by a program; choose another, or none for a free one.`, {
      details: { reason: 'port_in_use', port },
    });
  };
  return async ({ kind, key, pool, value, slots }, taken) => {
    if (kind === 'slot') return freeSlot(pool, slots, value, taken);
    if (value === undefined) return kind === 'port' ? freePort(taken) : freeName(key, taken, ids);
    const certain = kind === 'port' ? String(portOf(value)) : value;
    if (taken.has(certain)) throw alreadyReserved(kind, pool, certain);
    return kind === 'port' ? certainPort(Number(certain)) : certain;
  };
}

function portOf(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new Failure('INVALID_PARAMS', `"${value}" is no port; name a number from 1 to 65535.`);
}

function freeName(key: string, taken: ReadonlySet<string>, ids: Ids): string {
  for (;;) {
    const name = `${key.toLowerCase().replaceAll('_', '-')}-${ids.random(4)}`;
    if (!taken.has(name)) return name;
  }
}

function freeSlot(pool: string, slots: number, value: string | undefined, taken: ReadonlySet<string>): string {
  if (value !== undefined) throw new Failure('INVALID_PARAMS', 'A slot is given by number, so it takes no value; leave it out.');
  const free = Array.from({ length: slots }, (_, index) => String(index + 1)).find((slot) => !taken.has(slot));
  if (free !== undefined) return free;
  throw exhausted(`All ${slots} slots of the pool "${pool}" are taken; wait for one of their owners to end, or release one.`, slots);
}

export function alreadyReserved(kind: string, pool: string, value: string): Failure {
  const where = kind === 'port' ? '' : ` of the pool "${pool}"`;
  return new Failure('ALREADY_EXISTS', `The ${kind} "${value}"${where} is reserved; "coppice leases" shows by whom.`, {
    details: { entity: 'lease', value },
  });
}

export function exhausted(message: string, limit: number): Failure {
  return new Failure('LIMIT_EXCEEDED', message, { details: { limit } });
}
