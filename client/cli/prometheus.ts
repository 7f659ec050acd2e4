// The figures of the daemon in the text format of Prometheus (0.0.4), for a scraper or the textfile collector of its node exporter.
import type { ResultOf } from '../../schemas/contract.ts';
import { type Figure, figureOf } from '../../schemas/figures.ts';

type Figures = ResultOf<'daemon.metrics'>;
type Kind = Figure['kind'] | 'histogram';
type Labels = Readonly<Record<string, string | number>>;

/** One metric: what it is, and its samples in order. */
interface Family {
  readonly name: string;
  readonly kind: Kind;
  readonly summary: string;
  readonly samples: string[];
}

export function prometheusText(result: Figures): string {
  const families = [...operationFamilies(result), loopFamily(result), ...figureFamilies('gauge', result.gauges)];
  return [...families, ...figureFamilies('counter', result.counters)]
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join('');
}

function operationFamilies({ operations, bucketBoundsMs }: Figures): Family[] {
  const durations = familyOf('operation_duration_seconds', 'histogram', 'How long operations of the daemon took.');
  const errors = familyOf('operation_errors_total', 'counter', 'Operations of the daemon that failed.');
  for (const { name: operation, count, errors: failed, totalMs, buckets } of operations) {
    let below = 0;
    for (const [index, boundMs] of bucketBoundsMs.entries()) {
      below += buckets[index] ?? 0;
      durations.samples.push(sample(`${durations.name}_bucket`, { operation, le: seconds(boundMs) }, below));
    }
    durations.samples.push(sample(`${durations.name}_bucket`, { operation, le: '+Inf' }, count));
    durations.samples.push(sample(`${durations.name}_sum`, { operation }, seconds(totalMs)));
    durations.samples.push(sample(`${durations.name}_count`, { operation }, count));
    errors.samples.push(sample(errors.name, { operation }, failed));
  }
  return [durations, errors];
}

function loopFamily({ eventLoopDelay: { p50Ms, p99Ms, maxMs } }: Figures): Family {
  const family = familyOf('event_loop_delay_seconds', 'gauge', 'How late the event loop was since the start, by quantile.');
  for (const [quantile, ms] of [[0.5, p50Ms] as const, [0.99, p99Ms] as const, [1, maxMs] as const]) {
    family.samples.push(sample(family.name, { quantile }, seconds(ms)));
  }
  return family;
}

/** A figure that this version does not know is told all the same, by its whole name. */
function figureFamilies(kind: Figure['kind'], values: Readonly<Record<string, number>>): Family[] {
  const families = new Map<string, Family>();
  for (const [wireName, value] of Object.entries(values)) {
    const known = figureOf(wireName);
    const base = known?.base ?? wireName;
    const family = families.get(base) ?? familyOf(kind === 'counter' ? `${base}_total` : base, kind, known?.figure.summary ?? wireName);
    families.set(base, family);
    const labels = known?.figure.by === undefined ? {} : { [known.figure.by]: known.value ?? '' };
    family.samples.push(sample(family.name, labels, value));
  }
  return [...families.values()];
}

function familyOf(name: string, kind: Kind, summary: string): Family {
  return { name: `coppice_${name.replaceAll(/[^A-Za-z0-9_]/g, '_')}`, kind, summary, samples: [] };
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text)).replaceAll('"', '\\"')}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}

function textOf({ name, kind, summary, samples }: Family): string {
  return `# HELP ${name} ${escaped(summary)}\n# TYPE ${name} ${kind}\n${samples.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function seconds(ms: number): number {
  return ms / 1_000;
}
