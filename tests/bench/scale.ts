// npm run bench -- --scale: whether what one piece costs depends on how many there are.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeMachine, type Environment } from './machine.ts';
import { type NotMeasured, reasonOf } from './measure.ts';
import type { Options } from './options.ts';
import { document, heading, short, table } from './report.ts';
import { inTurn, timed } from './samples.ts';
import { type Axis, measureAxis, type ScaleRow } from './scale-axis.ts';
import { byEvents, bySessions } from './scale-costs.ts';
import { createScaleHome } from './scale-home.ts';
import { bySubscribers } from './scale-subscribers.ts';
import { flatWithin } from './slope.ts';
import { startToReady } from './start.ts';
import { ratioOf, type Summary, summarize } from './statistics.ts';

const run = promisify(execFile);
const startRounds = 10;
const axes = [bySessions, byEvents, bySubscribers];
const all = { sessions: 1_000, events: 1_000_000 };

/** Starting with all of it, beside a start with nothing and `node -e 0`. */
interface Starts {
  readonly full: Summary;
  readonly empty: Summary;
  readonly node: Summary;
  readonly fullToNode: number;
  readonly fullToEmpty: number;
}

interface Measured {
  readonly axes: readonly Axis[];
  readonly starts: Starts | undefined;
  readonly notMeasured: readonly NotMeasured[];
}

export async function measureScale({ only = '' }: Options): Promise<{ markdown: string; json: string; fine: boolean }> {
  const environment = describeMachine();
  const chosen = axes.filter(({ name }) => name.includes(only));
  const withStarts = 'start'.includes(only);
  if (chosen.length === 0 && !withStarts)
    throw new Error(`--only wants a part of one of: ${axes.map(({ name }) => name).join(', ')}, start.`);
  const axesMeasured: Axis[] = [];
  const notMeasured: NotMeasured[] = [];
  let starts: Starts | undefined;
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => void notMeasured.push({ name, reason: reasonOf(error) }));
  };
  for (const axis of chosen) await attempt(axis.name, async () => void axesMeasured.push(await measureAxis(axis)));
  if (withStarts)
    await attempt('start', async () => {
      starts = await measureStarts();
    });
  const measured = { axes: axesMeasured, starts, notMeasured };
  const fine = notMeasured.length === 0 && axesMeasured.flatMap(({ rows }) => rows).every(({ growth }) => growth.verdict !== 'GROWS');
  return { markdown: markdown(environment, measured), json: json(environment, measured), fine };
}

async function measureStarts(): Promise<Starts> {
  process.stderr.write('start with all of it …\n');
  await using full = await createScaleHome(all);
  await using empty = await createScaleHome({ sessions: 0, events: 0 });
  const turns = {
    full: { sample: () => startToReady(full) },
    empty: { sample: () => startToReady(empty) },
    node: { sample: () => timed(() => run(process.execPath, ['-e', '0'])) },
  };
  const { samples } = await inTurn(turns, startRounds);
  return {
    full: summarize(samples.full),
    empty: summarize(samples.empty),
    node: summarize(samples.node),
    fullToNode: ratioOf(samples.full, samples.node),
    fullToEmpty: ratioOf(samples.full, samples.empty),
  };
}

function markdown(environment: Environment, { axes: measured, starts, notMeasured }: Measured): string {
  return [
    ...heading('Costs by size', environment),
    ...notMeasured.map(({ name, reason }) => `- NOT MEASURED: ${name}: ${reason}\n`),
    ...measured.flatMap(axisMarkdown),
    ...(starts === undefined ? [] : startsMarkdown(starts)),
    'A daemon for each size, all of them sampled in turn; the values are medians, each the cost of one piece. The exponent is that of the',
    'least squares through logarithms of size and cost, the last one that of the two largest sizes, both medians of the rounds: 0 is the',
    `same at each size, 1 is a scan. Flat is what stays within ${flatWithin}: a hundred times as much may cost twice as much a piece (a tree gets`,
    'deeper). What falls shares out a fixed cost. Memory and starts are those of the whole.',
    '',
  ].join('\n');
}

function axisMarkdown({ name, sizes, rows }: Axis): string[] {
  const cells = (row: ScaleRow): string[] => [
    row.name,
    row.growth.verdict,
    ...[row.growth.exponent, row.growth.lastExponent].map((exponent) => exponent.toFixed(2)),
    ...row.values.map((value) => `${short(value)} ${row.unit}`),
    `${row.failures}`,
  ];
  const head = [`by ${name}`, 'verdict', 'exponent', 'last', ...sizes.map((size) => size.toLocaleString('en')), 'failed rounds'];
  return [table(head, rows.map(cells), [0, 1]), ''];
}

function startsMarkdown({ full, empty, node, fullToNode, fullToEmpty }: Starts): string[] {
  const { sessions, events } = all;
  const ms = ({ p50 }: Summary): string => `${short(p50)} ms`;
  return [
    `Start until the first answer with ${sessions} sessions and ${events} events: ${ms(full)}, ${fullToNode.toFixed(2)} × \`node -e 0\` (${ms(node)}),`,
    `${fullToEmpty.toFixed(2)} × the start with nothing (${ms(empty)}).`,
    '',
  ];
}

function json(environment: Environment, { axes: measured, ...more }: Measured): string {
  return document({ environment, axes: measured, ...more });
}
