/** Calls `first` at the first Ctrl-C and `second` at each later one, until the answered function is called. */
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
