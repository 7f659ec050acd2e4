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

const head = ['what', 'raw limit', 'n', 'ours p50', 'p95', 'raw p50', 'p95', 'figure', 'must', 'aim', ''];

export function markdown(environment: Environment, rows: readonly Row[]): string {
  const { node, cores, cpu, memoryMiB, git, tmux, commit, date } = environment;
  const table = [head, head.map((_, column) => (column < 2 ? '---' : '---:')), ...rows.map(cellsOf)];
  return [
    `# Benchmark`,
    '',
    `${date}, commit ${commit}, Node ${node}, ${cores} cores (${cpu}), ${memoryMiB} MiB, ${git}, ${tmux}`,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    'Each row and its raw limit took turns in this run; the figure is the median of the ratios of the rounds. ≥: raw time / ours, more is',
    'better. ≤: ours / raw, or the value itself, less is better. Times of two runs can not be compared; figures can. For rpc and event rows the',
    'client is on one core and both servers are on another.',
    '',
  ].join('\n');
}

export function json(environment: Environment, rows: readonly Row[]): string {
  return `${JSON.stringify({ environment, rows: rows.map((row) => ({ ...row, verdict: verdict(row) })) }, null, 2)}\n`;
}

function cellsOf(row: Row): string[] {
  const { name, raw, n, failures, unit, ours, limit, kind, figure, target } = row;
  const sign = kind === 'speed' ? '≥' : '≤';
  const bound = (value: number | undefined): string => (value === undefined ? '' : `${sign} ${value}`);
  const value = (number: number | undefined): string => (number === undefined ? '' : `${short(number)} ${unit}`);
  return [
    name,
    raw,
    failures === 0 ? `${n}` : `${n} (${failures} failed)`,
    value(ours.p50),
    value(ours.p95),
    value(limit?.p50),
    value(limit?.p95),
    kind === 'value' ? short(figure) : figure.toFixed(2),
    bound(target?.must),
    bound(target?.aim),
    verdict(row),
  ];
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
