// The order in which tasks can be done, and what stands in its way.

/** Indices in waves, each after those it waits for; null when some wait for themselves, directly or around. */
export function wavesOf(dependencies: readonly (readonly number[])[]): number[][] | null {
  const done = new Set<number>();
  const waves: number[][] = [];
  while (done.size < dependencies.length) {
    const wave = [...dependencies.keys()].filter((index) => !done.has(index) && dependencies[index]?.every((needed) => done.has(needed)));
    if (wave.length === 0) return null;
    for (const index of wave) done.add(index);
    waves.push(wave);
  }
  return waves;
}

/** A path of tasks each of which waits for the next, from a task back to it. Tasks that wait for themselves alone are none. */
export function findCycle(dependencies: readonly (readonly number[])[]): number[] | undefined {
  const done = new Set<number>();
  const visit = (index: number, path: readonly number[]): number[] | undefined => {
    const start = path.indexOf(index);
    if (start >= 0) return [...path.slice(start), index];
    if (done.has(index)) return undefined;
    for (const needed of dependencies[index] ?? []) {
      const cycle = needed === index ? undefined : visit(needed, [...path, index]);
      if (cycle) return cycle;
    }
    done.add(index);
    return undefined;
  };
  for (const index of dependencies.keys()) {
    const cycle = visit(index, []);
    if (cycle) return cycle;
  }
  return undefined;
}
