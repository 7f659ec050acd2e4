// What was measured, for people as a table of Markdown and for programs as JSON.
import type { Comparison, Outcome } from './compare.ts';
import { type Row, verdict } from './rows.ts';

export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly git: string;
  readonly tmux: string;
  readonly commit: string;
}

export function markdown(environment: Environment, rows: readonly Row[]): string {
  const head = ['what', 'raw limit', 'n', 'mean ± SD', 'min', 'p50', 'p95', 'p99', 'max', 'raw p50', 'figure', 'must', 'aim', ''];
  return [
    ...heading('Benchmark', environment),
    table(head, 2, rows.map(rowCells)),
    '',
    'Each row and its raw limit took turns in this run; the figure is the median of the ratios of the rounds. ≥: raw time / ours, more is',
    'better. ≤: ours / raw, or the value itself, less is better. Times of two runs can not be compared; figures can. Percentiles by nearest',
    'rank: p95 from 20 samples on, p99 from 100 on. For rpc and event rows the client is on one core and both servers are on another.',
    '',
  ].join('\n');
}

export function json(environment: Environment, rows: readonly Row[]): string {
  return document({ environment, rows: rows.map((row) => ({ ...row, verdict: verdict(row) })) });
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
    table(head, 1, comparisons.map(comparisonCells)),
    '',
    'Both took turns in this run. The ratio is the median of this / base of the rounds; t, df and p are those of Welch. slower: p < 0.05 and',
    'more than 20 % slower.',
    ...missing.map(({ name, from }) => `\nMISSING: "${name}" is not measured by ${from === 'base' ? 'the base' : 'this version'}.`),
    '',
  ].join('\n');
}

function heading(title: string, { node, cores, cpu, memoryMiB, git, tmux, commit, date }: Environment): string[] {
  return [`# ${title}`, '', `${date}, commit ${commit}, Node ${node}, ${cores} cores (${cpu}), ${memoryMiB} MiB, ${git}, ${tmux}`, ''];
}

function document(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The first columns are text, the others numbers. */
function table(head: readonly string[], textColumns: number, rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column < textColumns ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowCells(row: Row): string[] {
  const { name, raw, failures, unit, ours, limit, kind, figure, target } = row;
  const sign = kind === 'speed' ? '≥' : '≤';
  const bound = (value: number | undefined): string => (value === undefined ? '' : `${sign} ${value}`);
  const value = (number: number | null | undefined): string => (number === null || number === undefined ? '' : `${short(number)} ${unit}`);
  return [
    name,
    raw,
    counted(ours.n, failures),
    spread(ours),
    ...[ours.min, ours.p50, ours.p95, ours.p99, ours.max, limit?.p50].map(value),
    kind === 'value' ? short(figure) : figure.toFixed(2),
    bound(target?.must),
    bound(target?.aim),
    verdict(row),
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

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
