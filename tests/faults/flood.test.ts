// 50 MiB of output that is no text and has no line: kept byte for byte, followed to the last byte, and none of it stays in the daemon.
import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { allEnded, longTestMs } from '../helpers/all-ended.ts';
import { peakRssMiB, rssMiB } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { cliProgram, type Home, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const floodMiB = 50;
const floodBytes = floodMiB * 1024 * 1024;

/** Every byte but the line feed, NULs and invalid UTF-8 among them. Answers its sum. */
function writeFlood(path: string): string {
  const random = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
  const whole = createHash('sha256');
  for (let at = 0; at < floodMiB; at += 1) {
    const chunk = random.update(Buffer.alloc(1024 * 1024)).map((byte) => (byte === 10 ? 0 : byte));
    writeFileSync(path, chunk, { flag: 'a' });
    whole.update(chunk);
  }
  return whole.digest('hex');
}

async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Reads the output of the step range by range while it grows. */
async function* followByCalls(daemon: RealDaemon, id: string): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; ) {
    const part = await until('more output', async () => {
      const read = await daemon.client.session.readOutput({ id, step: 1, offset, limit: limits.readOutputBytes, encoding: 'base64' });
      return (read.nextOffset > offset || read.complete) && read;
    });
    yield Buffer.from(part.data, 'base64');
    offset = part.nextOffset;
    if (part.complete) return;
  }
}

async function followByCli(home: Home, slug: string) {
  const child = spawn(process.execPath, [cliProgram, 'logs', '--follow', '--step', '1', slug], {
    env: home.env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close');
  const printed = await sha256Of(child.stdout);
  const [exitCode] = (await ended) as [number];
  return { ...printed, exitCode, said };
}

/** Starts a command whose only step writes one half, and the other once the gate is open. */
async function runFlood(daemon: RealDaemon, home: Home, path: string, { fields, before }: Place) {
  const signals = createSignals(home);
  const flood = signals.path('flood');
  const sha256 = writeFlood(flood);
  const half = floodBytes / 2;
  const script = [`head -c ${half} ${flood}`, signals.tell('half'), signals.waitFor('gate'), `tail -c ${half} ${flood}`].join('; ');
  home.writeCommand('flood', commandFile('flood', { ...fields, steps: [shell(before + script)] }));
  const session = await until('the command to be known', () => daemon.start(path, 'flood'));
  return { session, signals, whole: { bytes: floodBytes, sha256 } };
}

interface Place {
  readonly where: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly before: string;
}

const asProcess: Place = { where: 'a process', fields: {}, before: '' };
// What a terminal answers to sequences among the bytes must not come back as an echo.
const inTerminal: Place = { where: 'a terminal', fields: { session: {} }, before: 'stty raw -echo; ' };

for (const place of [asProcess, inTerminal]) {
  test(`50 MiB from ${place.where} are kept byte for byte, and none of it in the daemon`, { timeout: longTestMs }, async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon();
    await daemon.client.project.add({ path: repo.path });
    const before = rssMiB(daemon.pid);
    const { cursor } = await daemon.client.daemon.status();

    const { session, signals, whole } = await runFlood(daemon, daemon.home, repo.path, place);
    signals.open('gate');
    await allEnded(daemon, { after: cursor });

    expect(peakRssMiB(daemon.pid) - before).toBeLessThan(64);
    const ended = await daemon.client.session.get({ id: session.id });
    expect(ended).toMatchObject({ status: 'succeeded' });
    const run = ended.stepRuns.find(({ index }) => index === 1);
    expect(run).toMatchObject({ status: 'succeeded', exitCode: 0, outputSize: floodBytes });
    const { artifacts } = await daemon.client.artifact.list({ session: session.id, limit: 200 });
    const log = artifacts.find(({ path }) => path.startsWith('logs/001-'));
    expect(log).toMatchObject({ sizeBytes: floodBytes, sha256: whole.sha256 });
    expect(await sha256Of(createReadStream(`${ended.artifactDir}/${log?.path}`))).toEqual(whole);
  });
}

test('who follows 50 MiB by calls or by logs --follow gets every byte, and the daemon holds no more for it', {
  timeout: 240_000,
}, async () => {
  await using repo = await createTestRepo();
  // A small heap, so that what is measured is what the daemon holds and not garbage that it has yet to collect.
  await using daemon = await startRealDaemon({ env: { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=48' } });
  await daemon.client.project.add({ path: repo.path });
  const before = rssMiB(daemon.pid);

  const { session, signals, whole } = await runFlood(daemon, daemon.home, repo.path, asProcess);
  const following = [sha256Of(followByCalls(daemon, session.id)), followByCli(daemon.home, session.slug)] as const;
  await signals.lines('half');
  signals.open('gate');
  const [byCalls, byCli] = await Promise.all(following);

  expect(byCalls).toEqual(whole);
  expect(byCli).toEqual({ ...whole, exitCode: 0, said: '' });
  expect(peakRssMiB(daemon.pid) - before).toBeLessThan(64);
});
