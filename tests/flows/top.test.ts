// `coppice top` as a user has it: the built program on a terminal of 80 columns and 24 rows, driven by keys and read from its screen.
import { appendFileSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { reader, rowWith, sleeper, startTop } from '../helpers/top.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

interface SetUp extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly repo: TestRepo;
}

async function setUp(commands: Readonly<Record<string, string>> = { sleeper }): Promise<SetUp> {
  const repo = await createTestRepo();
  const daemon = await startRealDaemon({ commands });
  await daemon.client.project.add({ path: repo.path });
  return {
    daemon,
    repo,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

test('a session that is started elsewhere appears within a second, and how it ended is told with its evidence', async () => {
  await using given = await setUp();
  const { daemon, repo } = given;
  await using screen = await startTop(daemon.home);
  await screen.shows('1 project  0 spec tasks  0 sessions');

  // The least of a few: other processes of the machine take from the clock.
  let leastMs = Number.POSITIVE_INFINITY;
  let session = await daemon.start(repo.path, 'sleeper');
  for (let attempt = 0; attempt < 5 && leastMs >= 1_000; attempt += 1) {
    if (attempt > 0) session = await daemon.start(repo.path, 'sleeper');
    const answeredMs = performance.now();
    await screen.shows(session.slug);
    leastMs = Math.min(leastMs, performance.now() - answeredMs);
  }
  expect(leastMs).toBeLessThan(1_000);
  const { slug, id } = session;
  await screen.shows(new RegExp(`${slug} +running +by step nap +<5m$`, 'm'));

  await daemon.client.session.cancel({ id });
  await daemon.ended(id);
  expect(rowWith(await screen.shows(/cancelled +by cancelled/), slug)).toContain('cancelled');
});

/** Terminals of users; the daemon itself is a client in control mode. */
async function attached(daemon: RealDaemon): Promise<number> {
  return (await daemon.tmux('list-clients', '-F', '#{client_control_mode}')).split('\n').filter((mode) => mode === '0').length;
}

test('attaching gives the terminal away, and detaching comes back to the view', async () => {
  await using given = await setUp();
  const { daemon, repo } = given;
  const { slug } = await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(daemon.home);
  await screen.shows('by step nap');

  for (const word of ['once', 'twice']) {
    await screen.keys('a');
    await screen.shows(`[${slug}]`);
    expect(await attached(daemon)).toBe(1);
    // All that is typed is for the terminal of the session: a key that the view took would be missing.
    await screen.keys('C-b', '0');
    await screen.type(`echo typed-${word}`);
    await screen.shows(`echo typed-${word}`);
    await screen.keys('Enter');
    await screen.shows(new RegExp(`^typed-${word}$`, 'm'));
    await screen.keys('C-b', 'd');
    await screen.shows('coppice  1 project', slug, 'Enter open');
    expect(await attached(daemon)).toBe(0);
  }
  await screen.keys('q');
  expect(await screen.exitCode()).toBe(0);
});

test('the output of a session is followed as it grows, looked back at, and left', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const path = daemon.home.path('lines');
  writeFileSync(path, `${Array.from({ length: 60 }, (_, index) => `line ${index + 1}`).join('\n')}\n`);
  daemon.home.writeCommand('reader', reader(path));
  const { id, slug } = await daemon.start(repo.path, 'reader');
  await using screen = await startTop(daemon.home);
  await screen.shows('by step read');

  await screen.keys('o');
  await screen.shows('line 60', `${slug}: up and down look back`);
  appendFileSync(path, 'plain \u001b[31mred\u001b[0m \u001b]0;title\u0007end\n10 %\r100 %\n');
  const followed = await screen.shows('plain red end', '100 %');
  expect(followed).not.toContain('10 %\r');
  expect(followed).not.toContain('line 40');

  await screen.keys('g');
  await screen.shows('line 1\n', 'G to the end');
  appendFileSync(path, 'while looking back\n');
  await screen.keys('G');
  await screen.shows('while looking back');
  await daemon.client.session.cancel({ id });
  await screen.shows(`${slug} (ended)`);
  await screen.keys('Escape');
  await screen.shows('1 project', /cancelled/);
});

test('cancelling asks first, and a filter shows only what has the text in it', async () => {
  await using given = await setUp();
  const { daemon, repo } = given;
  const first = await daemon.start(repo.path, 'sleeper');
  const second = await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(daemon.home);
  await screen.shows(first.slug, second.slug);

  await screen.type(`/${first.slug}`);
  await screen.showsNot(second.slug);
  await screen.keys('Enter');
  await screen.shows(`Only what has "${first.slug}" in it`, 'Enter open');
  await screen.keys('c');
  await screen.shows(`Cancel ${first.slug}? y cancels`);
  await screen.keys('n');
  await screen.showsNot('y cancels');
  expect((await daemon.client.session.get({ id: first.id })).status).toBe('running');

  await screen.keys('c');
  await screen.shows('y cancels');
  await screen.keys('y');
  await screen.shows(`${first.slug} is being cancelled.`);
  expect((await daemon.ended(first.id)).status).toBe('cancelled');
  await screen.shows(/cancelled +by cancelled/);
  await screen.keys('c');
  await screen.shows(`"${first.slug}" does not run.`);

  await screen.keys('Escape');
  await screen.shows(first.slug, second.slug);
  expect((await daemon.client.session.get({ id: second.id })).status).toBe('running');
  await screen.type('/nowhere at all');
  await screen.shows('Nothing has "nowhere at all" in it.');
  await screen.keys('Escape');
  await screen.shows(second.slug);
  await screen.keys('?');
  await screen.shows('this page', 'quit; everything goes on running');
  await screen.keys('C-c');
  expect(await screen.exitCode()).toBe(0);
});

test('with NO_COLOR nothing is coloured or styled; else the selected row is', async () => {
  await using given = await setUp();
  const { daemon, repo } = given;
  const { slug } = await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(daemon.home);
  await screen.shows(slug);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  const style = /\u001b\[[\d;]*m/;
  expect(await screen.raw()).toMatch(style);
  await screen.keys('q');
  await screen.exitCode();
  await screen[Symbol.asyncDispose]();

  await using plain = await startTop(daemon.home, { env: { NO_COLOR: '1' } });
  await plain.shows(slug);
  expect(await plain.raw()).not.toMatch(style);
  await plain.keys('q');
});

test('the view tells that the daemon is away, waits for it, and is right again after a kill -9', async () => {
  await using given = await setUp();
  const { daemon, repo } = given;
  const before = await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(daemon.home);
  await screen.shows(before.slug, 'by step nap');

  await daemon.kill();
  await screen.shows('The daemon is away', before.slug);
  await screen.keys('c', 'y');
  await screen.shows('Nobody answers now');
  // What happens before the view is connected again is not missed either.
  await daemon.again();
  const after = await daemon.start(repo.path, 'sleeper');
  await daemon.client.session.cancel({ id: before.id });
  const text = await screen.shows(after.slug, /cancelled +by cancelled/);
  await screen.showsNot('The daemon is away');
  expect(rowWith(text, before.slug)).toContain('cancelled');
  await screen.shows('1 session');

  await daemon.restart();
  await until('the view to follow the third daemon', async () => {
    const { slug, id } = await daemon.start(repo.path, 'sleeper');
    await screen.shows(slug);
    await daemon.client.session.cancel({ id });
    return true;
  });
  await screen.showsNot('The daemon is away');
});

test('what becomes of the configuration is told in the message line', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { sleeper }, config: '[hot_reload]\ndebounce_ms = 100\nmode = "defer"\n' });
  const { home } = daemon;
  const { id } = await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(home);
  await screen.shows('by step nap');
  home.writeConfig('[hot_reload]\ndebounce_ms = 100\nmode = "defer"\n[events]\nkeep_days = 7\n');
  await screen.shows('waits until no session runs', 'events.keep_days');
  await daemon.client.session.cancel({ id });
  await screen.shows(/Configuration \d+ is in force: events.keep_days/);
  home.writeConfig('[events]\nkeep_days = "seven"\n');
  await screen.shows('The changed configuration is wrong', 'stays in force');
  await screen.keys('Escape');
  await screen.showsNot('is wrong');
});
