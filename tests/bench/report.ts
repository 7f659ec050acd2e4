// What was measured, for people as a table of Markdown and for programs as JSON.
import type { Comparison, Outcome } from './compare.ts';
import { type Settled, settle, settledVerdict } from './gate.ts';
import type { Environment } from './machine.ts';
import type { NotMeasured, Results } from './measure.ts';
import { verdict } from './rows.ts';

/** `gating`: what falls short was measured again. */
export function markdown(environment: Environment, { measured, notMeasured }: Results, gating: boolean): string {
  const head = ['what', 'verdict', 'ratio', 'must', 'aim', 'ours', 'raw', 'raw limit', 'n', 'mean ± SD', 'min', 'p95', 'p99', 'max'];
  const settled = measured.flatMap(settle);
  return [
    ...heading(gating ? 'Benchmark' : 'Benchmark, quick', environment),
    ...summary(settled, notMeasured),
    '',
    table(head, settled.map(rowCells), [0, 1, 7]),
    '',
    'Each row and its raw limit took turns in this run; the ratio is the median of the ratios of the rounds. ≥: raw time / ours, more is',
    'better. ≤: ours / raw, or the value itself, less is better. Times of two runs can not be compared; ratios can. Ours and raw: medians.',
    'Percentiles by nearest rank: p95 from 20 samples on, p99 from 100 on. For rows of calls and events the client is on one core and the',
    'servers are on another; where raw has no socket (history.query), all are on one.',
    ...(gating
      ? ['What is SHORT of its must is measured up to twice more, and fails the run when two say so; the middle one is shown.']
      : ['A quick run has few rounds and leaves out what takes minutes: SHORT is a hint here, and fails nothing.']),
    '',
  ].join('\n');
}

function summary(settled: readonly Settled[], notMeasured: readonly NotMeasured[]): string[] {
  const targets = settled.map(({ row }) => verdict(row)).filter((word) => word !== '');
  const count = (wanted: string): number => targets.filter((word) => word === wanted).length;
  const short = settled.filter(({ row }) => verdict(row) === 'SHORT').map((one) => `${one.row.name}: ${settledVerdict(one)}`);
  return [
    `${targets.length} rows have a target: ${count('aim')} reach the aim, ${count('must')} only the must, ${short.length} fall short.`,
    ...short.map((line) => `- ${line}`),
    ...notMeasured.map(({ name, reason }) => `- NOT MEASURED: ${name}: ${reason}`),
  ];
}

export function json(environment: Environment, results: Results): string {
  const rows = results.measured.flatMap(settle).map(({ row, runs, short }) => ({ ...row, verdict: verdict(row), runs, short }));
  return document({ environment, rows, notMeasured: results.notMeasured });
}

export function comparisonMarkdown(environment: Environment, against: string, outcome: Outcome): string {
  return [...heading(`Comparison with ${against}`, environment), outcomeMarkdown(outcome)].join('\n');
}

export function comparisonJson(environment: Environment, against: string, outcome: Outcome): string {
  return document({ environment, against, ...outcome });
}

export function outcomeMarkdown({ comparisons, missing }: Outcome): string {
  const head = ['what', 'n', 'base mean ± SD', 'p50', 'this mean ± SD', 'p50', 'ratio', 't', 'df', 'p', ''];
  return [
    table(head, comparisons.map(comparisonCells)),
    '',
    'Both took turns in this run. The ratio is the median of this / base of the rounds; t, df and p are those of Welch. slower: p < 0.05 and',
    'more than 20 % slower.',
    ...missing.map(({ name, from }) => `\nMISSING: "${name}" is not measured by ${from === 'base' ? 'the base' : 'this version'}.`),
    '',
  ].join('\n');
}

export function heading(title: string, environment: Environment): string[] {
  const { node, cores, cpu, memoryMiB, git, tmux, commit, date, load } = environment;
  const machine = `${cores} cores (${cpu}), load ${load} before, ${memoryMiB} MiB`;
  return [`# ${title}`, '', `${date}, commit ${commit}, Node ${node}, ${machine}, ${git}, ${tmux}`, ''];
}

export function document(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The columns of `text` stand left, those of numbers right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], text: readonly number[] = [0]): string {
  const rule = head.map((_, column) => (text.includes(column) ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowCells(settled: Settled): string[] {
  const { name, raw, failures, unit, ours, limit, kind, figure, target } = settled.row;
  const sign = kind === 'speed' ? '≥' : '≤';
  const bound = (value: number | undefined): string => (value === undefined ? '' : `${sign} ${value}`);
  const value = (number: number | null | undefined): string => (number === null || number === undefined ? '' : `${short(number)} ${unit}`);
  return [
    name,
    settledVerdict(settled),
    kind === 'value' ? value(figure) : figure.toFixed(2),
    ...[target?.must, target?.aim].map(bound),
    ...[ours.p50, limit?.p50].map(value),
    raw,
    counted(ours.n, failures),
    spread(ours),
    ...[ours.min, ours.p95, ours.p99, ours.max].map(value),
  ];
}

function comparisonCells({ name, failures, base, head, ratio, t, df, p, verdict: found }: Comparison): string[] {
  const numbers = [ratio.toFixed(2), t.toFixed(2), df.toFixed(1), p.toFixed(4)];
  return [name, counted(head.n, failures), spread(base), short(base.p50), spread(head), short(head.p50), ...numbers, found];
}

function counted(n: number, failures: number): string {
  return failures === 0 ? `${n}` : `${n} (${failures} failed)`;
}

function spread({ mean, sd }: { readonly mean: number; readonly sd: number | null }): string {
  return sd === null ? short(mean) : `${short(mean)} ± ${short(sd)}`;
}

export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
