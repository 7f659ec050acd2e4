// Artifacts of ended sessions grow old: packed, then deleted, and nothing is lost on the way. With real files and tar.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dueStep } from '../../../daemon/artifacts/retention.ts';
import { createArtifactService } from '../../../daemon/artifacts/service.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { byDaemon } from '../../../daemon/kernel/origin.ts';
import type { RetainedSession } from '../../../daemon/store/tables/artifact-archives.ts';
import type { ProcessTool } from '../../../daemon/tools/process.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectId, projectRow, sessionRow, terminalRow, worktreeRow } from '../../helpers/open-store.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';

const dayMs = 86_400_000;
const wish = { archiveDays: 30, purgeDays: 180 };
const tool = createTestProcessTool({ PATH: process.env.PATH ?? '' });

async function setUp(processTool: Pick<ProcessTool, 'runTool'> = tool) {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store, dir } = opened;
  await store.write((w) => w.projects.insert(projectRow()));
  const artifacts = createArtifactService({
    store,
    clock,
    ids: createIds(clock),
    process: processTool,
    policy: { enforce: async () => {} },
  });
  const dirOf = (n: number): string => dir.at('artifacts', `build-${n}`);
  const session = (n: number) => ({ id: idOf('ses', n), slug: `build-${n}`, projectId, artifactDir: dirOf(n) });
  const archiveOf = (n: number): string => `${dirOf(n)}.tar.gz`;
  /** What stood there each time that commits had to be made to last. */
  const settled: { files: boolean[]; states: (string | undefined)[] }[] = [];
  const makeDurable = async (): Promise<void> => {
    const numbers = store.read((r) => r.sessions.list({}, '~', 200)).map(({ id }) => Number(id.slice(-3)));
    const states = numbers.map((n) => store.read((r) => r.archives.get(idOf('ses', n))?.state));
    settled.push({ files: numbers.map((n) => existsSync(dirOf(n))), states });
  };
  return {
    ...{ store, clock, artifacts, dirOf, archiveOf, session, settled },
    /** An ended session with two files. */
    async add(n: number, over: Parameters<typeof sessionRow>[1] = {}): Promise<void> {
      const row = sessionRow(n, { artifactDir: dirOf(n), status: 'succeeded', createdAt: clock.now(), endedAt: clock.now(), ...over });
      await store.write((w) => w.sessions.insert(row));
      for (const [path, text] of [
        ['logs/001-make.log', `log of ${n}\n`],
        ['outputs/deep/er.txt', 'x'.repeat(1000)],
      ] as const) {
        mkdirSync(dirname(join(dirOf(n), path)), { recursive: true });
        writeFileSync(join(dirOf(n), path), text);
      }
      await artifacts.index(session(n), 'daemon');
    },
    retain: (dryRun = false) => artifacts.retain(wish, { dryRun, makeDurable }, byDaemon),
    archive: (n: number) => store.read((r) => r.archives.get(idOf('ses', n))),
    count: (n: number) => artifacts.list(idOf('ses', n), undefined, undefined, 50).artifacts.length,
    events: () =>
      store
        .read((r) => r.events.page(0, 1_000))
        .flatMap(({ type, subject }) => (/archived|pruned/.test(type) ? [`${type} ${subject.sessionId}`] : [])),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

describe('what is due', () => {
  const now = 1_000 * dayMs;
  const at = (daysAgo: number, over: Partial<RetainedSession> = {}): RetainedSession => ({
    ...{ id: 's', slug: 's', projectId, artifactDir: '/a', sizeBytes: 1, held: false },
    ...{ endedAt: now - daysAgo * dayMs, newestAt: now - daysAgo * dayMs },
    ...over,
  });
  test.each<[string, RetainedSession, ReturnType<typeof dueStep>]>([
    ['old', at(31), 'archive'],
    ['very old, and never packed', at(200), 'archive'],
    ['not old enough', at(29), undefined],
    ['old, with an artifact of yesterday', at(31, { newestAt: now - dayMs }), undefined],
    ['old, without any artifact', (({ newestAt: _, ...rest }) => rest)(at(31)), undefined],
    ['old, with a worktree or a terminal', at(31, { held: true }), undefined],
    ['packed by hand, the files beside it', at(31, { state: 'beside' }), 'archive'],
    ['very old, packed by hand', at(200, { state: 'beside' }), 'archive'],
    ['cut off while its files were deleted', at(31, { state: 'replacing' }), 'finish'],
    ['packed', at(179, { state: 'replaced' }), undefined],
    ['packed long ago', at(181, { state: 'replaced' }), 'purge'],
    ['packed long ago, and in use again', at(181, { state: 'replaced', held: true }), undefined],
  ])('%s', (_, session, step) => {
    expect(dueStep(session, wish, now)).toBe(step);
  });
});

test('after 30 days the files are one archive with its sha256, after 180 the archive is gone, and the record of the session stays', async () => {
  using at = await setUp();
  await at.add(1);
  at.clock.advance(29 * dayMs);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, purged: { sessions: 0 }, failed: [] });
  expect(existsSync(at.dirOf(1))).toBe(true);

  at.clock.advance(2 * dayMs);
  expect(await at.retain(true)).toMatchObject({ archived: { sessions: 1, sizeBytes: 1009 } });
  expect(existsSync(at.archiveOf(1))).toBe(false);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 1, sizeBytes: 1009 }, purged: { sessions: 0 }, failed: [] });
  expect(existsSync(at.dirOf(1))).toBe(false);
  // Before the first file went, the row that says so was made to outlive a power cut.
  expect(at.settled).toEqual([{ files: [true], states: ['replacing'] }]);
  const sha256 = createHash('sha256')
    .update(readFileSync(at.archiveOf(1)))
    .digest('hex');
  expect(readFileSync(`${at.archiveOf(1)}.sha256`, 'utf8')).toBe(`${sha256}  build-1.tar.gz\n`);
  expect(at.archive(1)).toMatchObject({ state: 'replaced', sha256, files: 2, path: at.archiveOf(1) });
  expect(execFileSync('tar', ['-xzOf', at.archiveOf(1), 'build-1/logs/001-make.log'], { encoding: 'utf8' })).toBe('log of 1\n');
  expect(at.count(1)).toBe(2);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, purged: { sessions: 0 } });

  at.clock.advance(150 * dayMs);
  const { sizeBytes } = at.archive(1) ?? { sizeBytes: -1 };
  expect(await at.retain(true)).toMatchObject({ purged: { sessions: 1, sizeBytes } });
  expect(existsSync(at.archiveOf(1))).toBe(true);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, purged: { sessions: 1, sizeBytes } });
  expect([at.archiveOf(1), `${at.archiveOf(1)}.sha256`].filter(existsSync)).toEqual([]);
  expect([at.count(1), at.archive(1)]).toEqual([0, undefined]);
  expect(at.store.read((r) => r.sessions.get(idOf('ses', 1))?.status)).toBe('succeeded');
  expect(at.events()).toEqual([`artifact.archived ${idOf('ses', 1)}`, `artifact.pruned ${idOf('ses', 1)}`]);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, purged: { sessions: 0 } });
});

test('what was never packed is never deleted: a session found at 200 days is packed in one round and deleted in the next', async () => {
  using at = await setUp();
  await at.add(1);
  at.clock.advance(200 * dayMs);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 1 }, purged: { sessions: 0 } });
  expect(existsSync(at.archiveOf(1))).toBe(true);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, purged: { sessions: 1 } });
});

test('a session that runs, one that just ended, one with a worktree and one with a terminal are left alone', async () => {
  using at = await setUp();
  const worktree = worktreeRow(1);
  await at.store.write((w) => w.worktrees.insert(worktree));
  const running = { status: 'running', endedAt: undefined as never } as const;
  await at.add(1, running);
  await at.add(2, { worktreeId: worktree.id });
  await at.add(3);
  await at.store.write((w) => w.terminals.insert(terminalRow(1, { sessionId: idOf('ses', 3) })));
  await at.add(4);
  at.clock.advance(40 * dayMs);
  await at.add(5);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 1 }, failed: [] });
  expect([1, 2, 3, 4, 5].filter((n) => existsSync(at.dirOf(n)))).toEqual([1, 2, 3, 5]);
});

test('an archive that does not hold all of it deletes nothing, and the others are packed all the same', async () => {
  const lossy: Pick<ProcessTool, 'runTool'> = {
    async runTool(name, args, options) {
      const loses = args.includes('--create') && args.at(-1) === 'build-1';
      return tool.runTool(name, loses ? ['--exclude=er.txt', ...args] : args, options);
    },
  };
  using at = await setUp(lossy);
  await at.add(1);
  await at.add(2);
  at.clock.advance(31 * dayMs);
  const { archived, outcome, failed } = await at.retain();
  expect([archived.sessions, outcome]).toEqual([1, 'degraded']);
  expect(failed.map(({ member }) => member.session.slug)).toEqual(['build-1']);
  expect(String(failed[0]?.error)).toContain('it holds 5 of 6 entries');
  expect([existsSync(at.dirOf(1)), existsSync(at.dirOf(2)), at.archive(1)]).toEqual([true, false, undefined]);
});

test('a file that differs from what was packed deletes nothing either', async () => {
  const late: Pick<ProcessTool, 'runTool'> = {
    async runTool(name, args, options) {
      const result = await tool.runTool(name, args, options);
      if (args.includes('--create')) writeFileSync(join(at.dirOf(1), 'logs/001-make.log'), 'log of 2\n');
      return result;
    },
  };
  const at = await setUp(late);
  using _ = at;
  await at.add(1);
  at.clock.advance(31 * dayMs);
  const { outcome, failed } = await at.retain();
  expect(outcome).toBe('failed');
  expect(String(failed[0]?.error)).toContain('001-make.log');
  expect(existsSync(at.dirOf(1))).toBe(true);
});

test('a daemon that died while the files were deleted goes on with that and never packs the rest over the archive', async () => {
  using at = await setUp();
  await at.add(1);
  at.clock.advance(31 * dayMs);
  await at.retain();
  const before = readFileSync(at.archiveOf(1));
  // As it was a moment earlier: half of the files are still there.
  await at.store.write((w) => w.archives.setState(idOf('ses', 1), 'replacing'));
  mkdirSync(join(at.dirOf(1), 'outputs'), { recursive: true });
  writeFileSync(join(at.dirOf(1), 'outputs/left'), 'half');
  expect(await at.retain()).toMatchObject({ archived: { sessions: 1 }, failed: [] });
  expect(existsSync(at.dirOf(1))).toBe(false);
  expect(at.archive(1)?.state).toBe('replaced');
  expect(readFileSync(at.archiveOf(1))).toEqual(before);
});

test('rows of files that somebody else took away go, with the event', async () => {
  using at = await setUp();
  await at.add(1);
  rmSync(at.dirOf(1), { recursive: true });
  at.clock.advance(31 * dayMs);
  expect((await at.retain()).failed).toEqual([]);
  expect([at.count(1), at.archive(1), existsSync(at.archiveOf(1))]).toEqual([0, undefined, false]);
  expect(at.events()).toEqual([`artifact.pruned ${idOf('ses', 1)}`]);
});

test('what is packed away can be found again, not be added to, and is pruned and forgotten with its archive', async () => {
  using at = await setUp();
  await at.add(1);
  await at.add(2);
  at.clock.advance(31 * dayMs);
  await at.retain();
  const record = at.store.read((r) => r.sessions.get(idOf('ses', 1)));
  if (!record) throw new Error('the session is gone');
  const [log] = at.artifacts.list(idOf('ses', 1), 'log', undefined, 1).artifacts;
  const read = at.artifacts.read(log?.id ?? '', { offset: 0, limit: 10, encoding: 'utf8' });
  await expect(read).rejects.toMatchObject({ kind: 'NOT_FOUND', details: { archive: at.archiveOf(1) } });
  const { command } = /read it with: (?<command>tar .*)$/.exec(String(await read.catch((error: Error) => error.message)))?.groups ?? {};
  expect(execFileSync('sh', ['-c', command ?? 'false'], { encoding: 'utf8' })).toBe('log of 1\n');
  const put = at.artifacts.put(record, { name: 'late', kind: 'output', content: 'x', encoding: 'utf8' }, byDaemon);
  await expect(put).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'archived' } });
  expect(await at.artifacts.archive(record, byDaemon)).toMatchObject({ path: at.archiveOf(1), files: 2 });

  const total = (at.archive(1)?.sizeBytes ?? 0) + (at.archive(2)?.sizeBytes ?? 0);
  expect(await at.artifacts.prune({ keepBytes: total, dryRun: true }, byDaemon)).toMatchObject({ sessions: [] });
  const pruned = await at.artifacts.prune({ keepBytes: total - 1, dryRun: false }, byDaemon);
  expect(pruned.sessions.map(({ slug }) => slug)).toEqual(['build-1']);
  expect(existsSync(at.archiveOf(1))).toBe(false);
  const second = at.store.read((r) => r.sessions.get(idOf('ses', 2)));
  if (second) await at.artifacts.forget(second);
  expect(existsSync(at.archiveOf(2))).toBe(false);
});

test('an archive that somebody asked for outlives its session', async () => {
  using at = await setUp();
  await at.add(1);
  const record = at.store.read((r) => r.sessions.get(idOf('ses', 1)));
  if (!record) throw new Error('the session is gone');
  await at.artifacts.archive(record, byDaemon);
  await at.artifacts.forget(record);
  expect([existsSync(at.dirOf(1)), existsSync(at.archiveOf(1))]).toEqual([false, true]);
});

test('a session that is held while it is packed keeps its files and is not counted', async () => {
  const restoring: Pick<ProcessTool, 'runTool'> = {
    async runTool(name, args, options) {
      if (args.includes('--diff')) await at.store.write((w) => w.terminals.insert(terminalRow(1, { sessionId: idOf('ses', 1) })));
      return tool.runTool(name, args, options);
    },
  };
  const at = await setUp(restoring);
  using _ = at;
  await at.add(1);
  at.clock.advance(31 * dayMs);
  expect(await at.retain()).toMatchObject({ archived: { sessions: 0 }, outcome: 'full', failed: [] });
  expect([existsSync(at.dirOf(1)), at.archive(1), at.settled]).toEqual([true, undefined, []]);
});

test('hundreds of sessions are looked through in pages', async () => {
  using at = await setUp();
  await at.store.write((w) => {
    for (let n = 1; n <= 450; n++)
      w.sessions.insert(sessionRow(n, { status: 'failed', endedAt: at.clock.now(), artifactDir: at.dirOf(n) }));
  });
  await at.add(451);
  at.clock.advance(31 * dayMs);
  expect(await at.retain(true)).toMatchObject({ archived: { sessions: 1 } });
});
