// All that is measured by itself and not by turns, after the benchmarks.
import type { Probe } from './benchmark.ts';
import { besidePeers } from './measure-peers.ts';
import { memory } from './measure-processes.ts';

export const probes: readonly Probe[] = [besidePeers, memory];
