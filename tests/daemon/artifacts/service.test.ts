import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createArtifactService } from '../../../daemon/artifacts/service.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { createPolicyService } from '../../../daemon/policy/service.ts';
import { PolicyConfig } from '../../../schemas/policy.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectId, projectRow, sessionRow, stepRow } from '../../helpers/open-store.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';

async function setUp(bounds: Partial<PolicyConfig> = {}) {
  const clock = createManualClock();
  const ids = createIds(clock);
  const opened = openTestStore({ clock });
  const artifactDir = opened.dir.at('artifacts');
  const session = { id: idOf('ses', 1), projectId, artifactDir };
  await opened.store.write((w) => {
    w.projects.insert(projectRow());
    w.sessions.insert(sessionRow(1, { artifactDir }));
  });
  const { store } = opened;
  const config = { ...PolicyConfig.parse({}), ...bounds };
  const policy = createPolicyService({ store, clock, ids, policy: () => config, searchPath: '', ownRoots: () => [] });
  return {
    store,
    session,
    artifacts: createArtifactService({ store, clock, ids, policy, process: createTestProcessTool({}) }),
    write(path: string, content: string | Uint8Array) {
      mkdirSync(dirname(join(artifactDir, path)), { recursive: true });
      writeFileSync(join(artifactDir, path), content);
    },
    stored: () => opened.store.read((r) => r.events.page(0, 10_000).filter(({ type }) => type === 'artifact.stored').length),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

test('every file is indexed by its folder, with size, hash and kind of content', async () => {
  using setup = await setUp();
  setup.write('logs/001-build.log', 'ok\n');
  setup.write('outputs/report.json', '{}');
  setup.write('outputs/deep/er/raw', Buffer.from([1, 0, 2]));
  setup.write('outputs/plain', 'words');
  setup.write('prompts/p.md', '# p');
  setup.write('specs/context.json', '{}');
  setup.write('meta/context.json', '{}');
  setup.write('stray.png', 'x');
  expect(await setup.artifacts.index(setup.session, 'daemon')).toBe(8);
  const { artifacts } = setup.artifacts.list(setup.session.id, undefined, undefined, 50);
  expect(artifacts.map(({ path, kind, mime }) => [path, kind, mime])).toEqual([
    ['logs/001-build.log', 'log', 'text/plain'],
    ['meta/context.json', 'config', 'application/json'],
    ['outputs/deep/er/raw', 'output', 'application/octet-stream'],
    ['outputs/plain', 'output', 'text/plain'],
    ['outputs/report.json', 'output', 'application/json'],
    ['prompts/p.md', 'prompt', 'text/markdown'],
    ['specs/context.json', 'spec', 'application/json'],
    ['stray.png', 'output', 'image/png'],
  ]);
  expect(artifacts[0]).toMatchObject({ sizeBytes: 3, sha256: createHash('sha256').update('ok\n').digest('hex') });
  expect(setup.stored()).toBe(8);
});

test('indexing again stores only what is new or changed, under the same id', async () => {
  using setup = await setUp();
  setup.write('outputs/a', 'one');
  setup.write('outputs/b', 'two');
  await setup.artifacts.index(setup.session, 'daemon');
  const before = setup.artifacts.list(setup.session.id, undefined, undefined, 10).artifacts;
  setup.write('outputs/b', 'changed');
  expect(await setup.artifacts.index(setup.session, 'daemon')).toBe(2);
  const after = setup.artifacts.list(setup.session.id, undefined, undefined, 10).artifacts;
  expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(after.map(({ sizeBytes }) => sizeBytes)).toEqual([3, 7]);
  expect(setup.stored()).toBe(3);
});

test("links are not followed, and the bookkeeping of running steps is left out, nobody else's files", async () => {
  using setup = await setUp();
  setup.write('outputs/result.out', 'mine');
  setup.write('outputs/generator.script', 'mine');
  setup.write('meta/stp_1.out', 'a=1');
  setup.write('meta/context.json.new', '{');
  setup.write('meta/stp_1.script', 'true');
  symlinkSync('/etc/passwd', join(setup.session.artifactDir, 'outputs', 'link'));
  symlinkSync('/etc', join(setup.session.artifactDir, 'outputs', 'folder'));
  await setup.artifacts.index(setup.session, 'daemon');
  const { artifacts } = setup.artifacts.list(setup.session.id, undefined, undefined, 10);
  expect(artifacts.map(({ path }) => path)).toEqual(['outputs/generator.script', 'outputs/result.out']);
});

test('more files than may be open at once are no trouble', async () => {
  using setup = await setUp();
  for (let n = 0; n < 600; n++) setup.write(`outputs/${String(n).padStart(4, '0')}`, String(n));
  expect(await setup.artifacts.index(setup.session, 'daemon')).toBe(600);
  expect(setup.stored()).toBe(600);
});

test('they are listed by path, of one kind if asked, a page at a time', async () => {
  using setup = await setUp();
  for (const name of ['c', 'a', 'b']) setup.write(`outputs/${name}`, name);
  setup.write('logs/x.log', 'x');
  await setup.artifacts.index(setup.session, 'daemon');
  const first = setup.artifacts.list(setup.session.id, 'output', undefined, 2);
  expect(first.artifacts.map(({ path }) => path)).toEqual(['outputs/a', 'outputs/b']);
  const second = setup.artifacts.list(setup.session.id, 'output', first.nextCursor, 2);
  expect(second.artifacts.map(({ path }) => path)).toEqual(['outputs/c']);
  expect(second).not.toHaveProperty('nextCursor');
});

test('one is read in ranges; none of that id, and one whose file is gone, are not found', async () => {
  using setup = await setUp();
  setup.write('outputs/a', 'héllo');
  await setup.artifacts.index(setup.session, 'daemon');
  const id = setup.artifacts.list(setup.session.id, undefined, undefined, 1).artifacts[0]?.id ?? '';
  const range = { offset: 0, limit: 100, encoding: 'utf8' } as const;
  expect(await setup.artifacts.read(id, range)).toEqual({ offset: 0, nextOffset: 6, sizeBytes: 6, data: 'héllo' });
  await expect(setup.artifacts.read('art_none', range)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  rmSync(join(setup.session.artifactDir, 'outputs', 'a'));
  await expect(setup.artifacts.read(id, range)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
});

test('what would go beyond the hard bound of a session is refused before it is written; logs do not count, a replaced file not twice', async () => {
  using setup = await setUp({ artifact_soft_bytes: 6, artifact_warn_bytes: 8, artifact_hard_bytes: 10 });
  const { artifacts, session, store } = setup;
  const row = sessionRow(1, { artifactDir: session.artifactDir });
  const put = (name: string, content: string) =>
    artifacts.put(row, { name, kind: 'output', content, encoding: 'utf8' }, { actor: 'owner' });
  for (const name of ['001-build.log', '000-terminal.log']) setup.write(`logs/${name}`, 'x'.repeat(1_000));
  const outputPath = join(session.artifactDir, 'logs/001-build.log');
  await store.write((w) => w.steps.insert(stepRow(1, { outputPath })));
  await artifacts.index(session, 'daemon');
  // By its kind alone nothing is a log.
  const log = { name: 'mine', kind: 'log', content: 'x'.repeat(11), encoding: 'utf8' } as const;
  await expect(artifacts.put(row, log, { actor: 'owner' })).rejects.toMatchObject({ kind: 'POLICY_DENIED' });
  await put('a', 'x'.repeat(7));
  await expect(put('b', 'x'.repeat(4))).rejects.toMatchObject({ kind: 'POLICY_DENIED', details: { ruleId: 'artifact_hard_bytes' } });
  expect(existsSync(join(session.artifactDir, 'outputs', 'b'))).toBe(false);
  await put('a', 'x'.repeat(10));
  // Two at once, of which only one fits.
  await put('a', '');
  const both = await Promise.allSettled([put('c', 'x'.repeat(6)), put('d', 'x'.repeat(6))]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  const kept = store.read((r) => r.policyDecisions.list({}, '~', 10)).map(({ ruleId }) => ruleId);
  expect(kept.toSorted()).toEqual([
    'artifact_hard_bytes',
    'artifact_hard_bytes',
    'artifact_hard_bytes',
    'artifact_soft_bytes',
    'artifact_warn_bytes',
  ]);
});
