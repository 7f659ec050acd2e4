import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../../daemon/metrics/service.ts';
import { daemonMethods } from '../../../schemas/daemon.ts';
import { figureOf, figures } from '../../../schemas/figures.ts';
import { limits } from '../../../schemas/limits.ts';

/** Time that passes only when told. */
function measured(enabled = true) {
  let now = 0;
  const metrics = createMetrics({ nowMs: () => now, enabled });
  const pass = (ms: number): void => {
    now += ms;
  };
  const operation = (name: string) => metrics.snapshot().operations.find((entry) => entry.name === name);
  return { metrics, pass, operation, [Symbol.dispose]: () => metrics.close() };
}

describe('a span', () => {
  test('counts once, with the time between its beginning and its end', () => {
    using m = measured();
    const end = m.metrics.span('git');
    m.pass(40);
    end();
    const second = m.metrics.span('git');
    m.pass(10);
    second(true);
    expect(m.operation('git')).toMatchObject({ count: 2, errors: 1, totalMs: 50, maxMs: 40, p99Ms: 40 });
  });

  test('of work hands on what it answers or throws, and counts a throw as an error', async () => {
    using m = measured();
    const slow = m.metrics.timed('job', async () => {
      m.pass(3);
      return 'done';
    });
    expect(await slow).toBe('done');
    await expect(m.metrics.timed('job', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(
      m.metrics.timed('job', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(m.operation('job')).toMatchObject({ count: 3, errors: 2, maxMs: 3 });
  });

  test('costs less than a microsecond when measuring is on, and next to nothing when it is off', () => {
    const costUs = (enabled: boolean): number => {
      const metrics = createMetrics({ nowMs: () => performance.now(), enabled });
      const spans = 5_000;
      const round = (): number => {
        const startedAt = performance.now();
        for (let index = 0; index < spans; index += 1) metrics.span('rpc.session.get')();
        return ((performance.now() - startedAt) * 1_000) / spans;
      };
      // The quickest of many rounds: what else the machine does only makes a round slower.
      const quickest = Math.min(...Array.from({ length: 60 }, round));
      metrics.close();
      return quickest;
    };
    expect(costUs(true)).toBeLessThan(1);
    expect(costUs(false)).toBeLessThan(0.1);
  });
});

describe('measuring that is off', () => {
  test('measures and counts nothing, and keeps what was', () => {
    using m = measured();
    m.metrics.observe('before', 1, false);
    m.metrics.count('retries', 'step');
    m.metrics.enable(false);
    m.metrics.observe('before', 1, false);
    m.metrics.observe('after', 1, false);
    m.metrics.count('retries', 'step');
    expect(m.metrics.snapshot()).toMatchObject({ enabled: false, counters: { 'retries.step': 1 } });
    expect(m.operation('before')?.count).toBe(1);
    expect(m.operation('after')).toBeUndefined();
    m.metrics.enable(true);
    m.metrics.observe('after', 1, false);
    expect(m.operation('after')?.count).toBe(1);
  });

  test('a span that began before it is not counted', () => {
    using m = measured();
    const end = m.metrics.span('git');
    m.metrics.enable(false);
    end();
    expect(m.operation('git')).toBeUndefined();
  });
});

test('operations beyond the limit share one, so that names from outside fill no memory', () => {
  using m = measured();
  for (let index = 0; index < limits.metricOperations + 50; index += 1) m.metrics.observe(`tool.${index}`, 1, index % 2 === 0);
  m.metrics.observe('tool.0', 1, false);
  expect(m.metrics.snapshot().operations).toHaveLength(limits.metricOperations + 1);
  expect(m.operation('other')).toMatchObject({ count: 50, errors: 25 });
  expect(m.operation('tool.0')?.count).toBe(2);
});

test('figures are read when asked, one for each value of a label', () => {
  using m = measured();
  let bytes = 1;
  m.metrics.figure('store.bytes', () => bytes);
  m.metrics.figure('sessions', () => ({ running: 2, failed: 0 }));
  m.metrics.figure('process.cpu_seconds', () => 0.5);
  bytes = 7;
  const { gauges, counters } = m.metrics.snapshot();
  expect(gauges).toEqual({ 'store.bytes': 7, 'sessions.running': 2, 'sessions.failed': 0 });
  expect(counters['process.cpu_seconds']).toBe(0.5);
});

test('a counter without a label is there from the start', () => {
  using m = measured();
  expect(m.metrics.snapshot().counters).toMatchObject({ 'config.reloads': 0, 'config.reload_failures': 0 });
});

test('what is told keeps the contract, also before anything happened', () => {
  using m = measured();
  const check = () => daemonMethods['daemon.metrics'].result.parse(m.metrics.snapshot());
  expect(check().operations).toEqual([]);
  m.metrics.observe('git', 1e9, true);
  expect(check().operations[0]?.buckets.reduce((sum, count) => sum + count)).toBe(1);
});

test('a name on the wire leads to its figure, with the value behind it where it has a label', () => {
  expect(figureOf('store.bytes')).toMatchObject({ base: 'store.bytes', figure: figures['store.bytes'] });
  expect(figureOf('events.session.finished')).toMatchObject({ base: 'events', value: 'session.finished' });
  for (const name of ['store.nothing', 'toString', 'constructor.x', '', '.', 'terminals.x']) expect(figureOf(name), name).toBeUndefined();
});
