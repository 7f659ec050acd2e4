// The shared data of sessions, from outside: read at any time, written while the session lives.
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { createMask, type Mask } from '../kernel/mask.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { snapshotOf } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import { assertLegal } from './machine.ts';
import { maskOf } from './step-credentials.ts';
import { sessionSubject } from './transitions.ts';

export interface SharedData {
  list(ref: string): Record<string, unknown>;
  get(ref: string, key: string): { key: string; value: unknown };
  /** The last write wins. */
  set(ref: string, key: string, value: unknown, origin: Origin): Promise<void>;
}

interface SharedDataDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly resolve: (ref: string) => SessionRecord;
  readonly envFiles: Pick<EnvFiles, 'read'>;
}

export function createSharedData({ store, clock, resolve, envFiles }: SharedDataDeps): SharedData {
  const list = (ref: string) => {
    const { id } = resolve(ref);
    return store.read((r) => r.sessions.sharedData(id));
  };
  /** What a step hands back of its secrets is not kept. A session that has ended has none any more, and takes no data either. */
  const maskOfSession = async (session: SessionRecord): Promise<Mask> => {
    if (session.endedAt !== undefined) return createMask([]);
    return maskOf({ ...snapshotOf(session), secrets: await envFiles.read(session.id) });
  };
  return {
    list,
    get(ref, key) {
      const data = list(ref);
      if (Object.hasOwn(data, key)) return { key, value: data[key] };
      const suggestions = nearest(key, Object.keys(data));
      const hint = suggestions[0] === undefined ? '' : `; did you mean "${suggestions[0]}"?`;
      throw new Failure('NOT_FOUND', `Session "${resolve(ref).slug}" has no shared value "${key}"${hint || '.'}`, {
        details: { entity: 'data', id: key, suggestions },
      });
    },
    async set(ref, key, given, origin) {
      if (given === undefined) throw new Failure('INVALID_PARAMS', `There is no value for "${key}"; null is one, nothing is not.`);
      const value = (await maskOfSession(resolve(ref))).value(given);
      const bytes = Buffer.byteLength(JSON.stringify(value));
      if (bytes > limits.sharedDataBytes) {
        throw new Failure('LIMIT_EXCEEDED', `The value of "${key}" has ${bytes} bytes; at most ${limits.sharedDataBytes} fit.`, {
          details: { limit: limits.sharedDataBytes, value: bytes },
        });
      }
      const { id } = resolve(ref);
      await store.write((w) => {
        const session = w.sessions.get(id) ?? resolve(ref);
        assertLegal('setData', session);
        w.sessions.setData(id, key, value, clock.now());
        w.events.append({ type: 'session.dataSet', subject: sessionSubject(session), actor: origin.actor, data: { key, value } });
        return settle(w, origin.receipt, {});
      });
    },
  };
}
