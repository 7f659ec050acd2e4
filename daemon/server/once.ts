// A mutation with an idempotency key runs once: the second call waits for the first and gets its answer.

import { Failure } from '../../schemas/errors.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { ReceiptSlot } from '../kernel/origin.ts';
import { fingerprint, settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './connection.ts';
import { setReceipt } from './connection.ts';

export function createOnce(store: Store, queue: KeyedQueue): (call: Call, run: () => Promise<unknown>) => Promise<unknown> {
  return (call, run) => {
    if (call.idempotencyKey === undefined) return run();
    // Keys are the caller's own: one token cannot read another's answers by guessing.
    const key = JSON.stringify([call.context.caller.actor, call.idempotencyKey]);
    return queue.run(key, async () => {
      const paramsSha256 = fingerprint(call.params);
      const known = store.read((r) => r.receipts.find(key));
      if (known) {
        if (known.method === call.method && known.paramsSha256 === paramsSha256) return known.result;
        throw new Failure('CONFLICT', `The idempotency key "${call.idempotencyKey}" was used for another call; take a new one.`, {
          details: { expected: `${known.method} with the same parameters`, actual: call.method },
        });
      }
      const slot: ReceiptSlot = { key, method: call.method, paramsSha256, written: false };
      setReceipt(call, slot);
      const result = await run();
      // Most write it with their effect; what is harmless to do twice gets it here.
      if (!slot.written) await store.write((w) => void settle(w, slot, result));
      return result;
    });
  };
}
