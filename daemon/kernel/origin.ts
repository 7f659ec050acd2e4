/** Who asks for a change, and the receipt that the change leaves when the call carries an idempotency key. */
export interface Origin {
  readonly actor: string;
  readonly receipt?: ReceiptSlot | undefined;
}

export interface ReceiptSlot {
  readonly key: string;
  readonly method: string;
  readonly paramsSha256: string;
  /** Set once a transaction wrote the receipt. */
  written: boolean;
}

/** The daemon itself: recovery, housekeeping, the end of a step. */
export const byDaemon: Origin = { actor: 'daemon' };
