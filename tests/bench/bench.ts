// npm run bench -- [--only TEXT] [--rounds N] [--json FILE] [--against COMMIT]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { packageRoot } from '../helpers/package-root.ts';
import { compareWithCommit } from './against.ts';
import type { Benchmark, Probe } from './benchmark.ts';
import { benchmarks, openBenchmark } from './benchmarks.ts';
import { isFine } from './compare.ts';
import { type Ground, prepareGround } from './ground.ts';
import { probes } from './probes.ts';
import { comparisonJson, comparisonMarkdown, type Environment, json, markdown } from './report.ts';
import type { Row } from './rows.ts';
import { inTurn, leastRounds } from './samples.ts';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { json: text, only: text, rounds: text, against: text } });
  const rounds = Number(values.rounds ?? 30);
  if (!Number.isInteger(rounds) || rounds < leastRounds) throw new Error(`--rounds wants a whole number of at least ${leastRounds}.`);
  const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
  const chosen = [...benchmarks, ...probes].filter(({ name }) => wanted(name));
  if (chosen.length === 0)
    throw new Error(`--only wants a part of one of: ${[...benchmarks, ...probes].map(({ name }) => name).join(', ')}.`);
  const report = values.against === undefined ? await measure(chosen, rounds) : await compareWith(values.against, rounds, wanted);
  process.stdout.write(report.markdown);
  if (values.json !== undefined) writeFileSync(values.json, report.json);
}

interface Report {
  readonly markdown: string;
  readonly json: string;
}

async function measure(chosen: readonly (Benchmark | Probe)[], rounds: number): Promise<Report> {
  const rows: Row[] = [];
  await using ground = await prepareGround();
  for (const one of chosen) {
    begin(one.name);
    rows.push(...('measure' in one ? await one.measure(ground) : await rowsOf(one, ground, rounds)));
  }
  const environment = describeMachine();
  return { markdown: markdown(environment, rows), json: json(environment, rows) };
}

async function rowsOf(benchmark: Benchmark, ground: Ground, rounds: number): Promise<Row[]> {
  const opened = await openBenchmark(benchmark, ground);
  try {
    return opened.rows(await inTurn(opened.turns, rounds * (benchmark.roundsTimes ?? 1)));
  } finally {
    await opened.close();
  }
}

async function compareWith(commit: string, rounds: number, wanted: (name: string) => boolean): Promise<Report> {
  const outcome = await compareWithCommit(commit, { rounds, wanted, onBegin: begin });
  const environment = describeMachine();
  if (!isFine(outcome)) process.exitCode = 1;
  return { markdown: comparisonMarkdown(environment, commit, outcome), json: comparisonJson(environment, commit, outcome) };
}

function begin(name: string): void {
  process.stderr.write(`${name} …\n`);
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
