import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { figureOf, figures } from '../../schemas/figures.ts';
import { packageRoot } from '../helpers/package-root.ts';
import { type Family, readPrometheus } from '../helpers/prometheus.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

const build = `name: build
worktree: {branch: "build/one"}
steps:
  - {name: flaky, type: shell, action: "[ -e ../tried ] || { touch ../tried; exit 1; }", retry: {max_attempts: 2, initial_backoff_ms: 10}}
`;

async function scrape(daemon: RealDaemon): Promise<Map<string, Family>> {
  const { stdout, exitCode } = await daemon.cli(['metrics', '--prometheus']);
  expect(exitCode).toBe(0);
  return readPrometheus(stdout);
}

function readingOf(families: Map<string, Family>, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const has = (found: Readonly<Record<string, string>>): boolean => Object.entries(labels).every(([key, value]) => found[key] === value);
  return family?.samples.find((sample) => sample.name === name && has(sample.labels))?.value;
}

test('what a session did stands in the figures, for people, programs and Prometheus alike', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { build } });
  const { client, home } = daemon;
  const before = await client.daemon.metrics();
  expect(before.counters).toMatchObject({ 'config.reloads': 0, 'config.reload_failures': 0 });
  const session = await daemon.start(repo.path, 'build');
  expect((await daemon.ended(session.id)).status).toBe('succeeded');
  home.writeConfig('[sessions]\ntimeout = 60\n');
  await client.config.reload();
  home.writeConfig('[sessions]\ntimeuot = 60\n');
  await expect(client.config.reload()).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });

  const { operations, gauges, counters } = await client.daemon.metrics();
  const count = (name: string): number | undefined => operations.find((operation) => operation.name === name)?.count;
  expect(count('rpc.session.start')).toBe(1);
  expect(operations.find(({ name }) => name === 'rpc.config.reload')).toMatchObject({ count: 2, errors: 1 });
  for (const name of ['tool.git', 'tmux.command', 'store.read', 'store.write']) expect(count(name), name).toBeGreaterThan(0);
  expect(gauges).toMatchObject({
    'sessions.succeeded': 1,
    'sessions.running': 0,
    worktrees: 0,
    'server.connections': 1,
    'server.subscriber_lag_events': 0,
  });
  expect(gauges['store.bytes']).toBeGreaterThan(4_096);
  expect(counters).toMatchObject({
    'events.session.finished': 1,
    'events.worktree.created': 1,
    'retries.step': 1,
    'config.reloads': 1,
    'config.reload_failures': 1,
  });
  expect(counters['process.cpu_seconds']).toBeGreaterThan(0);

  const families = await scrape(daemon);
  expect(readingOf(families, 'coppice_sessions', { status: 'succeeded' })).toBe(1);
  expect(readingOf(families, 'coppice_retries_total', { of: 'step' })).toBe(1);
  expect(readingOf(families, 'coppice_operation_duration_seconds_count', { operation: 'rpc.session.start' })).toBe(1);
  expect(readingOf(families, 'coppice_operation_errors_total', { operation: 'rpc.config.reload' })).toBe(1);
  const started = families
    .get('coppice_operation_duration_seconds')
    ?.samples.filter(({ labels }) => labels.operation === 'rpc.session.start');
  const sum = started?.find(({ name }) => name.endsWith('_sum'))?.value ?? 0;
  expect(sum).toBeGreaterThan(0.0001);
  expect(sum).toBeLessThan(60);
  expect(missingFrom(families)).toEqual([]);
  const told = new Set(Object.keys({ ...gauges, ...counters }).map((name) => figureOf(name)?.base));
  expect(Object.keys(figures).filter((name) => !told.has(name))).toEqual([]);
});

/** Metrics and labels that a panel of the dashboard asks for and a daemon does not tell. */
function missingFrom(families: Map<string, Family>): string[] {
  const text = readFileSync(join(packageRoot, 'daemon', 'metrics', 'grafana-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] };
  const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
  expect(queries.length).toBeGreaterThan(20);
  return queries.flatMap(({ title, expr }) => {
    const asked = [...expr.matchAll(/coppice_\w+/g)].map(([name]) => name);
    expect(asked.length, title).toBeGreaterThan(0);
    const lost = asked.filter((name) => readingOf(families, name) === undefined);
    const samples = asked.flatMap((name) => (families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, '')))?.samples ?? []);
    const known = new Set(['instance', ...samples.flatMap(({ labels }) => Object.keys(labels))]);
    const labels = [
      ...expr.matchAll(/(\w+)=~?"/g),
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => [...list.matchAll(/(\w+)/g)]),
    ];
    return [...lost, ...labels.flatMap(([, name = '']) => (known.has(name) ? [] : [name]))].map((name) => `${title}: ${name}`);
  });
}

test('measuring is turned off and on again by the configuration, without a restart', async () => {
  await using daemon = await startRealDaemon({ config: '[metrics]\nenabled = false\n' });
  const { client, home } = daemon;
  await client.daemon.ping();
  expect(await client.daemon.metrics()).toMatchObject({ enabled: false, operations: [] });
  expect((await daemon.cli(['metrics'])).stderr).toContain('metrics.enabled');
  home.writeConfig('[metrics]\nenabled = true\n');
  expect((await client.config.reload()).changedKeys).toEqual(['metrics.enabled']);
  await client.daemon.ping();
  const { enabled, operations } = await client.daemon.metrics();
  expect(enabled).toBe(true);
  expect(operations.find(({ name }) => name === 'rpc.daemon.ping')?.count).toBe(1);
});
