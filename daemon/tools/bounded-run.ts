// Runs one program within bounds: a deadline, a signal of the caller, and what it may write. What passes one is asked to end, then killed,
// and with it whatever it started.
import { limits } from '../../schemas/limits.ts';
import type { Spawner, SpawnerGone } from './spawner.ts';
import type { Order, Program, ProgramEnd, Stream } from './spawner-wire.ts';

export interface Bounds {
  readonly signal?: AbortSignal | undefined;
  /** 0: none. */
  readonly timeoutMs: number;
  /** Of each of the two outputs. */
  readonly maxOutputBytes: number;
}

export type CutOff = 'cancelled' | 'too late' | 'too much';

export interface BoundedEnd {
  /** Nobody knows, when the spawner was lost. */
  readonly end: ProgramEnd | { readonly kind: 'lost'; readonly why: SpawnerGone };
  readonly stdout: string;
  readonly stderr: string;
  readonly cutOff: CutOff | undefined;
}

export interface BoundedRun {
  readonly ended: Promise<BoundedEnd>;
  /** Asks it, and what it started, to end. */
  ask(): void;
}

// A background grandchild may hold the pipes for hours; what the program itself wrote is there shortly after its exit.
const pipeGraceMs = 250;

export function startBounded(spawner: Spawner, program: Program, { signal, timeoutMs, maxOutputBytes }: Bounds): BoundedRun {
  let order: (order: Order) => void = () => {};
  const ended = new Promise<BoundedEnd>((resolve) => {
    const outputs: Record<Stream, Buffer[]> = { out: [], err: [] };
    const sizes: Record<Stream, number> = { out: 0, err: 0 };
    const timers: NodeJS.Timeout[] = [];
    let cutOff: CutOff | undefined;
    const cut = (reason: CutOff): void => {
      if (cutOff !== undefined) return;
      cutOff = reason;
      order('cut');
      timers.push(setTimeout(() => order('kill'), limits.killGraceMs));
    };
    const onAbort = (): void => cut('cancelled');
    const settle = (end: BoundedEnd['end']): void => {
      timers.forEach(clearTimeout);
      signal?.removeEventListener('abort', onAbort);
      resolve({ end, stdout: textOf(outputs.out), stderr: textOf(outputs.err), cutOff });
    };
    order = spawner.run(program, {
      output(stream, bytes) {
        sizes[stream] += bytes.length;
        if (sizes[stream] > maxOutputBytes) cut('too much');
        else outputs[stream].push(bytes);
      },
      left: () => void timers.push(setTimeout(() => order('settle'), pipeGraceMs)),
      ended: settle,
      lost: (why) => settle({ kind: 'lost', why }),
    });
    if (timeoutMs > 0) timers.push(setTimeout(() => cut('too late'), timeoutMs));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  return { ended, ask: () => order('ask') };
}

/** Once, at the end: a character may come in two parts. */
function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return chunks.length === 1 && only ? only.toString() : Buffer.concat(chunks).toString();
}
