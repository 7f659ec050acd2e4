const attempts = 50;

/**
 * The processor time that something takes, in milliseconds: the least of up to fifty runs as long as it is too long. Other processes of the
 * machine take from the clock, and a little from this.
 */
export function cpuMs(run: () => void, tooLongMs: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts && least > tooLongMs; attempt += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** The same of something that is awaited; nothing else of this process should run meanwhile. */
export async function cpuMsAwaited(run: () => Promise<void>, tooLongMs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts && least > tooLongMs; attempt += 1) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
