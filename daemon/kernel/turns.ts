/**
 * Lets those who ask go on one at a time, each in a turn of the event loop of its own: what arrives meanwhile comes in between. A shared
 * commit tells many at once that they may go on; without this all of them would, before anything else is heard.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const letOneGo = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letOneGo);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(letOneGo);
    });
}
