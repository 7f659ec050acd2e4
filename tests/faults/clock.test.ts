// The clock of the machine is put back and forth while the daemon runs, and between two daemons.
import { existsSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { programsMissing } from '../helpers/installed.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { expectWholeLog } from '../helpers/promises.ts';
import { createHome, type Home, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const places = ['x86_64', 'aarch64', 'arm', 'riscv64', 'powerpc64le', 's390x'].map(
  (cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`,
);
const library = places.find((path) => existsSync(path)) ?? (places[0] as string);
const isMissing = programsMissing({ faketime: library }, 'apt-get install faketime');

/** A clock of the daemon alone that is put by writing a file, as an offset; durations go on as they are. */
function putClock(home: Home): { set(offset: string): void; env: Record<string, string> } {
  const file = home.path('clock');
  const set = (offset: string): void => writeFileSync(file, `${offset}\n`);
  set('+0');
  return {
    set,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  };
}

const hourMs = 3_600_000;

/** The time as the daemon has it, by what it says of a session that begins now. */
async function offsetOf(daemon: RealDaemon): Promise<number> {
  const { createdAt } = await daemon.client.auth.createToken({ name: `at ${performance.now()}`, scopes: ['read'] });
  return Date.parse(createdAt) - Date.now();
}

test.skipIf(isMissing).each(['-6h', '+6h'])(
  'a clock that is put by %s while a step runs changes nothing of its time, its order and its events',
  async (offset) => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const clock = putClock(home);
    const signals = createSignals(home);
    await using daemon = await startRealDaemon({
      home,
      env: clock.env,
      config: '[sessions]\nmax_running = 1\n',
      commands: {
        slow: commandFile('slow', { steps: [shell(`${signals.tell('slow', '$$')}; exec sleep 600`, { timeout: 4 })] }),
        long: commandFile('long', {
          steps: [shell(`${signals.tell('order', '$COPPICE_SESSION_ID')}; ${signals.waitFor('gate')}`, { timeout: 60 })],
        }),
        next: commandFile('next', { steps: [shell(signals.tell('order', '$COPPICE_SESSION_ID'))] }),
      },
    });
    await using other = await (async () => {
      const { connect } = await import('../../client/index.ts');
      return connect({ socketPath: home.socketPath, env: home.env() });
    })();
    const seen: number[] = [];
    const leave = new AbortController();
    const following = (async () => {
      for await (const event of other.events({ after: other.hello.cursor, signal: leave.signal })) {
        if ('seq' in event && event.seq !== undefined) seen.push(event.seq);
      }
    })();
    expect(Math.abs(await offsetOf(daemon))).toBeLessThan(hourMs);
    const slow = await daemon.start(repo.path, 'slow');
    await signals.lines('slow');

    clock.set(offset);
    expect(Math.abs(await offsetOf(daemon))).toBeGreaterThan(5 * hourMs);
    const begun = performance.now();
    expect(await daemon.ended(slow.id)).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(performance.now() - begun).toBeLessThan(30_000);

    // What waited before the jump goes first, also after another one and another daemon.
    const first = await daemon.start(repo.path, 'long');
    await signals.lines('order');
    const second = await daemon.start(repo.path, 'next');
    clock.set(offset === '-6h' ? '-9h' : '+0');
    const third = await daemon.start(repo.path, 'next');
    await daemon.kill();
    clock.set(offset === '-6h' ? '-12h' : '-6h');
    await daemon.again();
    const fourth = await daemon.start(repo.path, 'next');
    signals.open('gate');
    for (const { id } of [first, second, third, fourth]) expect(await daemon.ended(id)).toMatchObject({ status: 'succeeded' });
    expect(await signals.lines('order')).toEqual([first.id, second.id, third.id, fourth.id]);
    const last = Number((await daemon.client.daemon.status()).cursor.split(':')[1]);
    await until('the follower to have all', () => seen.at(-1) === last);
    leave.abort();
    await following;
    expect(seen).toEqual(seen.map((_, index) => (seen[0] as number) + index));
    await expectWholeLog(daemon);
  },
);
