const frameMs = 50;

/** Draws soon after it was asked to, and at most twenty times a second however often it is. No timer runs when nothing is pending. */
export function createFrames(draw: () => void): { request(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let drawnMs = 0;
  return {
    request() {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          drawnMs = performance.now();
          draw();
        },
        Math.max(0, drawnMs + frameMs - performance.now()),
      );
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
