// tsx serve.ts — this version of the daemon as one side of a comparison.
import { benchmarks, openBenchmark } from './benchmarks.ts';
import { prepareGround } from './ground.ts';
import { serveSide } from './side.ts';

await using ground = await prepareGround();
const measurable = benchmarks.map((benchmark) => {
  const open = async () => {
    const { turns, close } = await openBenchmark(benchmark, ground);
    return { ...turns.ours, close };
  };
  return [benchmark.name, open] as const;
});
await serveSide(Object.fromEntries(measurable));
