/** Ctrl-C while something is waited for: the first time, and the second. Answers how to stop listening. */
export function onInterrupts(first: () => void, second: () => void): () => void {
  let count = 0;
  const handle = (): void => {
    count += 1;
    if (count === 1) first();
    else second();
  };
  process.on('SIGINT', handle);
  return () => void process.off('SIGINT', handle);
}
