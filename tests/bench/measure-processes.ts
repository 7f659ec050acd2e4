// What processes cost: the CLI from its start to its end, and the memory of the daemon.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cliProgram } from '../helpers/real-daemon.ts';
import { type Ground, rssMiB } from './ground.ts';
import { compared, type Row, type Target } from './rows.ts';
import { inTurn, timed } from './samples.ts';

const run = promisify(execFile);

export async function measureCliStart({ daemon }: Ground, rounds: number): Promise<Row[]> {
  const node = (...words: string[]) => ({ sample: () => timed(() => run(process.execPath, words, { env: daemon.env })) });
  const { samples, failures } = await inTurn({ ours: node(cliProgram, 'ps'), raw: node('-e', '0') }, rounds);
  const target = { must: 1.35, aim: 1.2 };
  return [compared({ name: 'cli: coppice ps', raw: 'node -e 0', unit: 'ms', kind: 'time', failures, target }, samples.ours, samples.raw)];
}

export function memoryRows(ground: Ground): Row[] {
  return [
    memoryRow('daemon RSS, idle', ground.idleRssMiB, { must: 110, aim: 85 }),
    memoryRow('daemon RSS, after this bench', rssMiB(ground.daemon.pid), { must: 140, aim: 110 }),
    memoryRow('raw server RSS, after this bench', rssMiB(ground.rawPid)),
  ];
}

function memoryRow(name: string, value: number, target?: Target): Row {
  const ours = { p50: value, p95: value };
  return { name, raw: '', unit: 'MiB', n: 1, failures: 0, ours, kind: 'value', figure: value, ...(target === undefined ? {} : { target }) };
}
