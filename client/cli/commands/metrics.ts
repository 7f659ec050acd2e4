import type { Command } from 'commander';
import type { ResultOf } from '../../../schemas/contract.ts';
import type { Cli } from '../context.ts';
import type { Output } from '../output.ts';
import { prometheusText } from '../prometheus.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('metrics')
    .description('show counts and durations of what the daemon did since it started, and how things stand')
    .option('--prometheus', 'in the text format of Prometheus')
    .action((options: { prometheus?: true }) => metrics(cli, options));
}

async function metrics({ out, connect }: Cli, { prometheus }: { prometheus?: true }): Promise<void> {
  const client = await connect();
  const result = await client.daemon.metrics();
  if (out.json) out.document(result);
  else if (prometheus) out.line(prometheusText(result).trimEnd());
  else show(out, result);
}

function show(out: Output, { enabled, operations, eventLoopDelay, gauges, counters }: ResultOf<'daemon.metrics'>): void {
  if (!enabled) out.note('Nothing is measured: metrics.enabled is false in the configuration.');
  out.table(
    ['OPERATION', 'COUNT', 'ERRORS', 'P50', 'P95', 'P99', 'MAX'],
    operations.map((row) => [row.name, row.count, row.errors, ...[row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map(milliseconds)]),
  );
  const { p50Ms, p99Ms, maxMs } = eventLoopDelay;
  out.line(`event loop delay: p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}, max ${milliseconds(maxMs)}`);
  for (const [name, value] of Object.entries({ ...gauges, ...counters })) out.line(`${name}: ${value}`);
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
