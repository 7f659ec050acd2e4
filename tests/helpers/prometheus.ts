// A strict reader of Prometheus' text format 0.0.4: it throws at whatever a scraper could stumble over, and at what good manners forbid.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: string;
  readonly samples: readonly Sample[];
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const helpLine = new RegExp(`^# HELP (${metricName}) ((?:[^\\\\]|\\\\[\\\\n])+)$`);
const typeLine = new RegExp(`^# TYPE (${metricName}) (counter|gauge|histogram)$`);
const sampleLine = new RegExp(`^(${metricName})(?:\\{(${label}(?:,${label})*)\\})? ([+-]?(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf)|NaN)$`);

export function readPrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  const lines = text.slice(0, -1).split('\n');
  let current: (Family & { samples: Sample[] }) | undefined;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] as string;
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    const help = helpLine.exec(line);
    if (help) {
      const [, name = '', about = ''] = help;
      index += 1;
      const type = typeLine.exec(lines[index] ?? '');
      if (type?.[1] !== name) fail('HELP without its TYPE');
      if (families.has(name)) fail('a second time');
      current = { name, help: about, kind: type?.[2] ?? '', samples: [] };
      families.set(name, current);
      continue;
    }
    const sample = sampleLine.exec(line);
    if (!sample) fail('neither HELP, TYPE nor a sample');
    const [, name = '', labelText = '', value = ''] = sample as RegExpExecArray;
    if (!current || !belongs(name, current)) fail('not below its HELP and TYPE');
    const labels = labelsOf(labelText, fail);
    const series = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(series)) fail('twice');
    seen.add(series);
    current?.samples.push({ name, labels, value: value.endsWith('Inf') ? Number(value.replace('Inf', 'Infinity')) : Number(value) });
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function belongs(sample: string, { name, kind }: Family): boolean {
  return kind === 'histogram' ? ['_bucket', '_sum', '_count'].some((end) => sample === `${name}${end}`) : sample === name;
}

function labelsOf(text: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)) {
    if (name in labels) fail('a label twice');
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkFamily({ name, kind, samples }: Family): void {
  if (samples.length === 0) throw new Error(`${name} has no samples`);
  if ((kind === 'counter') !== name.endsWith('_total')) throw new Error(`${name}: counters, and nothing else, end in _total`);
  if (kind === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is less than zero`);
  if (kind !== 'histogram') return;
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels;
    const labels = JSON.stringify(Object.entries(rest).sort());
    groups.set(labels, [...(groups.get(labels) ?? []), sample]);
  }
  for (const [labels, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map((sample) => Number(sample.labels.le?.replace('+Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const rises = (numbers: readonly number[], strictly: boolean): boolean =>
      numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number) || (!strictly && number === numbers[at - 1]));
    if (!rises(bounds, true) || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${name}${labels}: its bounds do not rise to +Inf`);
    if (!rises(counts, false)) throw new Error(`${name}${labels}: its counts fall`);
    const [sum, count] = ['_sum', '_count'].map((end) => group.filter((sample) => sample.name === `${name}${end}`));
    if (sum?.length !== 1 || count?.length !== 1) throw new Error(`${name}${labels}: not one sum and one count`);
    if (count[0]?.value !== counts.at(-1)) throw new Error(`${name}${labels}: +Inf is not the count`);
  }
}
