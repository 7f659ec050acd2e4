import type { Command } from 'commander';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('metrics')
    .description('show counts and durations of what the daemon did since it started')
    .action(() => metrics(cli));
}

async function metrics({ out, connect }: Cli): Promise<void> {
  const client = await connect();
  const result = await client.daemon.metrics();
  if (out.json) return out.document(result);
  out.table(
    ['OPERATION', 'COUNT', 'ERRORS', 'P50', 'P95', 'P99', 'MAX'],
    result.operations.map((row) => [row.name, row.count, row.errors, ...[row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map(milliseconds)]),
  );
  const { p50Ms, p99Ms, maxMs } = result.eventLoopDelay;
  out.line(`event loop delay: p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}, max ${milliseconds(maxMs)}`);
  for (const [name, value] of Object.entries(result.gauges)) out.line(`${name}: ${value}`);
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
