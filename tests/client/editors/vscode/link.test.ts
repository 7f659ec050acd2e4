// What the extension knows of a real daemon, without VS Code: everything once, then what events are about, through restarts.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { followLogs, LogReader, type OutputSink } from '../../../../client/cli/log-reader.ts';
import { Link } from '../../../../client/editors/vscode/link.ts';
import { Sync } from '../../../../client/editors/vscode/model/sync.ts';
import { touchedBy } from '../../../../client/editors/vscode/model/touched.ts';
import { emptyWorld, type World } from '../../../../client/editors/vscode/model/world.ts';
import { commandFile, createSignals, shell } from '../../../helpers/programs.ts';
import { type RealDaemon, startRealDaemon } from '../../../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../../../helpers/repo.ts';
import { until } from '../../../helpers/until.ts';

vi.setConfig({ testTimeout: 90_000 });

let daemon: RealDaemon;
let repo: TestRepo;

beforeAll(async () => {
  repo = await createTestRepo();
  daemon = await startRealDaemon({ commands: { quick: commandFile('quick', { steps: [shell('true')] }) } });
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await repo[Symbol.asyncDispose]();
});

interface Known extends Disposable {
  readonly world: World;
  readonly link: Link;
  readonly told: string[];
  readonly failed: unknown[];
}

function know(socketPath = ''): Known {
  const known = { world: emptyWorld(), told: [] as string[], failed: [] as unknown[] };
  const sync = new Sync({ world: known.world, changed: () => undefined, failed: (error) => known.failed.push(error) });
  const link = new Link({
    ...{ env: daemon.home.env(), version: '0.0.0' },
    socketPath: () => socketPath,
    connected: (client) => sync.load(client),
    event: (client, item) => sync.touch(client, touchedBy(item)),
    away: (sentence) => known.told.push(sentence),
  });
  link.start();
  return { ...known, link, [Symbol.dispose]: () => link.dispose() };
}

const statusOf = ({ world }: Known, id: string): string | undefined => world.sessions.get(id)?.status;

test('a session is known from its start to its removal, and a spec task with what waits for it', async () => {
  using known = know();
  await until('the link', () => known.link.client);
  const signals = createSignals(daemon.home);
  daemon.home.writeCommand('gated', commandFile('gated', { steps: [shell(signals.waitFor('go'))] }));
  const { id, projectId } = await daemon.start(repo.path, 'gated');
  await until('the project', () => known.world.projects.has(projectId));
  await until('it to run', () => statusOf(known, id) === 'running');
  signals.open('go');
  await until('its end', () => statusOf(known, id) === 'succeeded');
  await daemon.client.session.remove({ id });
  await until('it to be gone', () => !known.world.sessions.has(id));

  const task = await daemon.client.specTask.create({ project: projectId, prompt: 'Greet people' });
  await daemon.client.specTask.submitSpecs({ id: task.id, plan: '## Task 1: Greet\n\nSay hello.\n', source: 'import' });
  await until('the review', () => [...known.world.attention.values()].some(({ kind }) => kind === 'review'));
  expect(known.world.specTasks.get(task.id)?.name).toBe('Greet people');
  await daemon.client.specTask.approve({ id: task.id, revision: 1 });
  await until('nothing to wait', () => known.world.attention.size === 0);
  await until('the approval', () => known.world.specTasks.get(task.id)?.status === 'spec_approved');
  expect(known.failed).toEqual([]);
});

test('what happens while the daemon is away, or while nobody is connected, is known afterwards', async () => {
  using known = know();
  await until('the link', () => known.link.client);
  const before = await daemon.start(repo.path, 'quick');
  await until('the first', () => statusOf(known, before.id) === 'succeeded');
  await daemon.kill();
  await daemon.again();
  const after = await daemon.start(repo.path, 'quick');
  await until('the second', () => statusOf(known, after.id) === 'succeeded');
  await daemon.stop();
  await until('the absence', () => known.told.length > 0 && known.link.client === undefined);
  expect(known.told[0]).toContain('No daemon answers on');
  await daemon.again();
  const last = await daemon.start(repo.path, 'quick');
  await until('the third', () => statusOf(known, last.id) === 'succeeded');
  expect(statusOf(known, before.id)).toBe('succeeded');
});

test('of output that is long already only the end is brought, and then all that follows', async () => {
  const signals = createSignals(daemon.home);
  const long = `yes 0123456789 | head -n 20000; ${signals.tell('long')}; ${signals.waitFor('go')}; echo the end`;
  daemon.home.writeCommand('long', commandFile('long', { steps: [shell(long)] }));
  const { id } = await daemon.start(repo.path, 'long');
  await signals.lines('long');
  let text = '';
  let first = 0;
  const sink: OutputSink = {
    encoding: 'utf8',
    take: (_, { offset, data }) => {
      if (text === '') first = offset;
      text += data;
      signals.open('go');
    },
  };
  const session = await daemon.client.session.get({ id });
  const { size } = await daemon.client.session.readOutput({ id });
  const done = followLogs(daemon.client, new LogReader(daemon.client, sink, { sessionId: id, tailBytes: 1_000 }), session);
  await done;
  expect(size).toBeGreaterThan(1_000);
  expect(first).toBe(size - 1_000);
  expect(text).toMatch(/^\d*\n(0123456789\n)+the end\n$/);
});

test('a socket that was named is the one, and what is wrong with it is told', async () => {
  using known = know('relative/path.sock');
  await until('the sentence', () => known.told[0]);
  expect(known.told[0]).toContain('"relative/path.sock" is not absolute');
  expect(known.link.client).toBeUndefined();
});
