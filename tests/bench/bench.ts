// npm run bench -- [--json FILE] [--only TEXT] [--rounds N]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { packageRoot } from '../helpers/package-root.ts';
import { type Ground, prepareGround } from './ground.ts';
import { measureCliStart, memoryRows } from './measure-processes.ts';
import { measureRetry } from './measure-retry.ts';
import { measureEventDelivery, measureRoundTrips } from './measure-rpc.ts';
import { measureSessionCreate, measureStepSpawn } from './measure-sessions.ts';
import { onCoresOfTheirOwn } from './placement.ts';
import { type Environment, json, markdown } from './report.ts';
import type { Row } from './rows.ts';
import { leastRounds } from './samples.ts';

type Measure = (ground: Ground, rounds: number) => Promise<Row[]>;

const measures: Readonly<Record<string, Measure>> = {
  'rpc.roundtrip': placed(measureRoundTrips),
  'event.deliver': placed(measureEventDelivery),
  'session.create': measureSessionCreate,
  'step.spawn': measureStepSpawn,
  cli: measureCliStart,
  'retry.overhead': measureRetry,
};

function placed(measure: Measure): Measure {
  return (ground, rounds) => onCoresOfTheirOwn([ground.daemon.pid, ground.rawPid], () => measure(ground, rounds));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string' } } });
  const rounds = Number(values.rounds ?? 30);
  if (!Number.isInteger(rounds) || rounds < leastRounds) throw new Error(`--rounds wants a whole number of at least ${leastRounds}.`);
  const wanted = Object.entries(measures).filter(([name]) => values.only === undefined || name.includes(values.only));
  if (wanted.length === 0) throw new Error(`--only wants a part of one of: ${Object.keys(measures).join(', ')}.`);
  const rows: Row[] = [];
  {
    await using ground = await prepareGround();
    for (const [name, measure] of wanted) {
      process.stderr.write(`${name} …\n`);
      rows.push(...(await measure(ground, rounds)));
    }
    rows.push(...memoryRows(ground));
  }
  const environment = describeMachine();
  process.stdout.write(markdown(environment, rows));
  if (values.json !== undefined) writeFileSync(values.json, json(environment, rows));
}

function describeMachine(): Environment {
  const tell = (program: string, ...words: string[]): string => {
    try {
      return execFileSync(program, words, { cwd: packageRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return 'unknown';
    }
  };
  const changed = tell('git', 'status', '--porcelain') === '' ? '' : ' with changes';
  return {
    date: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    git: tell('git', '--version'),
    tmux: tell('tmux', '-V'),
    commit: `${tell('git', 'rev-parse', '--short', 'HEAD')}${changed}`,
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
