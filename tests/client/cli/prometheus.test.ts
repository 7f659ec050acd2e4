import { describe, expect, test } from 'vitest';
import { prometheusText } from '../../../client/cli/prometheus.ts';
import { createMetrics } from '../../../daemon/metrics/service.ts';
import { type Figure, type FigureName, figures } from '../../../schemas/figures.ts';
import { readPrometheus } from '../../helpers/prometheus.ts';

const empty = {
  enabled: true,
  operations: [],
  bucketBoundsMs: [1, 2],
  eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
  gauges: {},
  counters: {},
};
const operation = { name: 'git', count: 3, errors: 1, totalMs: 9, p50Ms: 1, p95Ms: 6, p99Ms: 6, maxMs: 6, buckets: [1, 1, 1] };
const read = (more: Partial<Parameters<typeof prometheusText>[0]>) => readPrometheus(prometheusText({ ...empty, ...more }));

test('every figure and operation of a daemon comes out as a strict reader wants it, with its sentence', () => {
  const metrics = createMetrics({ nowMs: () => 0, enabled: true });
  for (const [name, { by }] of Object.entries<Figure>(figures)) {
    metrics.figure(name as FigureName, () => (by === undefined ? 1.5 : { one: 1, 'two.parts': 2 }));
  }
  for (let ms = 0.001; ms < 1e8; ms *= 3) metrics.observe('rpc.session.get', ms, false);
  const families = readPrometheus(prometheusText(metrics.snapshot()));
  metrics.close();
  for (const [name, { kind, summary }] of Object.entries<Figure>(figures)) {
    const full = `coppice_${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
    expect(families.get(full), full).toMatchObject({ kind, help: summary });
  }
  expect(families.size).toBe(Object.keys(figures).length + 3);
});

test('durations are a histogram in seconds whose buckets hold all below them', () => {
  const samples = read({ operations: [operation] }).get('coppice_operation_duration_seconds')?.samples;
  expect(samples?.map(({ name, labels, value }) => [name.slice('coppice_operation_duration_seconds'.length), labels.le, value])).toEqual([
    ['_bucket', '0.001', 1],
    ['_bucket', '0.002', 2],
    ['_bucket', '+Inf', 3],
    ['_sum', undefined, 0.009],
    ['_count', undefined, 3],
  ]);
});

test('a name from outside breaks no line: quotes, backslashes and line ends are escaped and come back whole', () => {
  const name = 'tool.a"b\\c\nd{e="f"} 1\r\u2028ü';
  const families = read({ operations: [{ ...operation, name }], gauges: { [`sessions.${name}`]: 2 } });
  expect(families.get('coppice_operation_errors_total')?.samples).toEqual([
    { name: 'coppice_operation_errors_total', labels: { operation: name }, value: 1 },
  ]);
  expect(families.get('coppice_sessions')?.samples[0]?.labels).toEqual({ status: name });
});

test('what a newer daemon tells is not lost, and a daemon that did nothing yet tells no empty family', () => {
  const families = read({ gauges: { 'store.new_thing': 3, '9 lives': 4 }, counters: { 'new.count': 5 } });
  expect(families.get('coppice_store_new_thing')?.samples[0]?.value).toBe(3);
  expect(families.get('coppice_9_lives')?.samples[0]?.value).toBe(4);
  expect(families.get('coppice_new_count_total')?.samples[0]?.value).toBe(5);
  expect(families.has('coppice_operation_duration_seconds')).toBe(false);
});

describe('the strict reader', () => {
  const good = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 1\n';
  test.each([
    ['no line end', good.slice(0, -1)],
    ['no HELP', good.slice(good.indexOf('\n') + 1)],
    ['a family twice', good + good],
    ['a series twice', `${good}a_total{x="1"} 2\n`],
    ['an unescaped quote', good.replace('"1"', '"1"2"')],
    ['a lone backslash', good.replace('"1"', '"\\1"')],
    ['no number', good.replace(' 1\n', ' one\n')],
    ['a counter without _total', good.replaceAll('a_total', 'a')],
    ['another family below', `${good}b 1\n`],
    ['a wrong type', good.replace('counter', 'count')],
    ['a histogram that falls', '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'],
    ['a histogram without +Inf', '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'],
    ['a histogram without a sum', '# HELP h H.\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_count 1\n'],
  ])('refuses %s', (_, text) => {
    expect(() => readPrometheus(text)).toThrow();
  });

  test('takes what is right', () => {
    expect(readPrometheus(good).get('a_total')?.samples).toHaveLength(1);
  });
});
