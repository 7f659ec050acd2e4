// All that is measured by itself and not by turns, after the benchmarks.
import type { Probe } from './benchmark.ts';
import { exits } from './measure-exits.ts';
import { forks } from './measure-forks.ts';
import { idleness } from './measure-idleness.ts';
import { memoryAfterWork } from './measure-memory.ts';
import { besidePeers } from './measure-peers.ts';
import { memory } from './measure-processes.ts';
import { stuckMemory } from './measure-stuck.ts';

export const probes: readonly Probe[] = [forks, idleness, exits, besidePeers, memory, memoryAfterWork, stuckMemory];
