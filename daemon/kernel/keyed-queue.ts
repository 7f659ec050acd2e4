/** Work on one key runs in order; different keys run side by side. */
export interface KeyedQueue {
  /** Alone: beside nothing else on its key. */
  run<T>(key: string, work: () => Promise<T> | T): Promise<T>;
  /** Beside other shared work on its key, as much at once as the queue was made for. */
  share<T>(key: string, work: () => Promise<T> | T): Promise<T>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

interface Turn {
  readonly isShared: boolean;
  begin(): void;
}

interface Line {
  readonly waiting: Turn[];
  running: number;
  /** Whether what runs shares. */
  isShared: boolean;
}

export function createKeyedQueue(sharedAtOnce = 1): KeyedQueue {
  const lines = new Map<string, Line>();
  let idlers: (() => void)[] = [];
  const advance = (key: string, line: Line): void => {
    // Nobody overtakes: whoever has to be alone comes to his turn, however many share.
    for (let next = line.waiting[0]; next !== undefined; next = line.waiting[0]) {
      const hasRoom = line.running === 0 || (next.isShared && line.isShared && line.running < sharedAtOnce);
      if (!hasRoom) return;
      line.waiting.shift();
      line.running += 1;
      line.isShared = next.isShared;
      next.begin();
    }
    if (line.running > 0) return;
    lines.delete(key);
    if (lines.size > 0) return;
    for (const tell of idlers) tell();
    idlers = [];
  };
  const enter = <T>(key: string, isShared: boolean, work: () => Promise<T> | T): Promise<T> => {
    const line = lines.get(key) ?? { waiting: [], running: 0, isShared };
    lines.set(key, line);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        line.running -= 1;
        advance(key, line);
      };
      // Whoever asked gets the failure, the next in line only its turn.
      const begin = (): void => void Promise.resolve().then(work).then(resolve, reject).then(leave);
      line.waiting.push({ isShared, begin });
      advance(key, line);
    });
  };
  return {
    run: (key, work) => enter(key, false, work),
    share: (key, work) => enter(key, true, work),
    idle: () => (lines.size === 0 ? Promise.resolve() : new Promise((resolve) => void idlers.push(resolve))),
  };
}
