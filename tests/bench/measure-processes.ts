// What processes cost: the CLI from its start to its end, and the memory of the daemon.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { rssMiB } from '../helpers/processes.ts';
import { cliProgram } from '../helpers/real-daemon.ts';
import type { Benchmark, Probe } from './benchmark.ts';
import { bounded, compared } from './rows.ts';
import { timed } from './samples.ts';

const run = promisify(execFile);

export const cliStart: Benchmark = {
  name: 'cli',
  priority: 'P0',
  async open({ daemon }) {
    const node = (...words: string[]) => ({ sample: () => timed(() => run(process.execPath, words, { env: daemon.env })) });
    return {
      turns: { ours: node(cliProgram, 'ps'), raw: node('-e', '0') },
      rows({ samples, failures }) {
        const spec = { name: 'cli: coppice ps', raw: 'node -e 0', unit: 'ms', kind: 'time', target: { must: 1.35, aim: 1.2 } } as const;
        return [compared({ ...spec, failures }, samples.ours ?? [], samples.raw ?? [])];
      },
    };
  },
};

/** Last: the daemon has done all that the benchmarks asked of it. */
export const memory: Probe = {
  name: 'memory',
  priority: 'P0',
  async measure({ idleRssMiB, daemon, rawPid }) {
    const common = { unit: 'MiB', failures: 0 } as const;
    return [
      bounded({ ...common, name: 'daemon RSS, idle', target: { must: 110, aim: 85 } }, [idleRssMiB]),
      bounded({ ...common, name: 'daemon RSS, after this bench', target: { must: 140, aim: 110 } }, [rssMiB(daemon.pid)]),
      bounded({ ...common, name: 'raw server RSS, after this bench' }, [rssMiB(rawPid)]),
    ];
  },
};
