import type { Command } from 'commander';
import type { ResultOf, SessionUsage } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { type Output, statusCell } from '../output.ts';
import { counted, duration, elapsed, printable, size } from '../text.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('show')
    .description('show one session: its state, steps and shared data')
    .argument('<session>', 'id or slug')
    .action(async (id: string) => {
      const client = await cli.connect();
      const session = await client.session.get({ id });
      if (cli.out.json) cli.out.document(session);
      else print(cli.out, session);
    });
}

function usageText({ memoryBytes, cpuMs, processes }: SessionUsage): string {
  const memory = memoryBytes === undefined ? [] : [size(memoryBytes)];
  return [...memory, `${duration(cpuMs)} of a processor`, counted(processes, 'process', 'processes')].join(', ');
}

function print(out: Output, session: ResultOf<'session.get'>): void {
  const now = Date.now();
  const reason = session.reason === undefined ? '' : ` (${session.reason})`;
  const facts: [string, string | undefined][] = [
    ['session', `${session.slug} ${session.id}`],
    ['command', `${session.commandName} (${session.kind})`],
    ['status', `${session.status}${reason}`],
    ['error', session.error],
    ['queue', session.queuePosition === undefined ? undefined : `position ${session.queuePosition}`],
    ['group', session.groupId],
    ['project', session.projectPath],
    ['branch', session.branch],
    ['worktree', session.worktreePath],
    ['terminal', session.terminalName],
    ['uses', session.usage && usageText(session.usage)],
    ['artifacts', session.artifactDir],
    ['created', session.createdAt],
    ['started', session.startedAt],
    ['ended', session.endedAt],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined) out.line(`${out.paint(name.padEnd(10), 'dim')} ${printable(value)}`);
  }
  printMap(out, 'arguments', session.arguments);
  printMap(out, 'data', session.sharedData);
  if (session.stepRuns.length === 0) return;
  out.line('');
  out.table(
    ['STEP', 'PHASE', 'NAME', 'STATUS', 'TIME', 'EXIT', 'OUTPUT', 'ERROR'],
    session.stepRuns.map((step) => [
      step.index,
      step.phase,
      step.attempt > 1 ? `${step.name} (attempt ${step.attempt})` : step.name,
      statusCell(step.status),
      elapsed(step.startedAt, step.endedAt, now),
      step.signal ?? step.exitCode,
      size(step.outputSize),
      step.error ?? step.reason,
    ]),
  );
}

function printMap(out: Output, name: string, values: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(values)) {
    out.line(`${out.paint(name.padEnd(10), 'dim')} ${printable(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)}`);
  }
}
