// A disk that lets nobody write, before the start and in the middle of the work: told in a sentence, and over when it is mended.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createSmallDisk, rootMissing } from '../helpers/small-disk.ts';

vi.setConfig({ testTimeout: 120_000 });
const isMissing = rootMissing('mount a disk read-only');

const hello = commandFile('hello', { steps: [shell('echo hello')] });

test.skipIf(isMissing)('a start on a read-only disk ends with a sentence and without a trace, and the next one works', async () => {
  await using repo = await createTestRepo();
  const { home, path } = createSmallDisk({ folder: 'state' });
  await using daemon = await startRealDaemon({ home, commands: { hello } });
  await daemon.stop();
  execFileSync('mount', ['-o', 'remount,ro', path]);

  const { exitCode, stderr } = await runDaemon(home);

  expect(exitCode).not.toBe(0);
  expect(stderr).toMatch(/^coppiced: .*read-only/i);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  execFileSync('mount', ['-o', 'remount,rw', path]);
  await daemon.again();
  expect(await daemon.ended((await daemon.start(repo.path, 'hello')).id)).toMatchObject({ status: 'succeeded' });
});

// Root may do everything, so its daemon is started without that right.
const through =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search'] : [];

test('folders that lose their permissions in the middle fail what needs them truly, and nothing else', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { hello }, through });
  const { client, home, pid } = daemon;
  const project = (await client.project.add({ path: repo.path })).id;
  for (const folder of ['artifacts', 'env', 'steps']) {
    chmodSync(join(home.stateDir, folder), 0o500);
    const end = await client.session.start({ project, command: 'hello', environment: home.env() }).then(
      ({ id }) => daemon.ended(id),
      (error: unknown) => error,
    );
    const said =
      end instanceof Error
        ? [(end as unknown as { kind: string }).kind, end.message]
        : [(end as { reason: string }).reason, (end as { error: string }).error];
    expect([folder, ...said]).toEqual([
      folder,
      expect.stringMatching(/^(eacces|STORAGE_FAILED)$/),
      expect.stringMatching(/permission denied|does not permit/),
    ]);
    chmodSync(join(home.stateDir, folder), 0o700);
    const session = await client.session.start({ project, command: 'hello', environment: home.env() });
    expect(await daemon.ended(session.id)).toMatchObject({ status: 'succeeded' });
  }
  chmodSync(home.configPath.replace(/[^/]*$/, ''), 0o000);
  await client.config.reload().catch((error: unknown) => expect(error).toMatchObject({ kind: expect.not.stringMatching('INTERNAL') }));
  chmodSync(home.configPath.replace(/[^/]*$/, ''), 0o755);
  expect((await client.daemon.ping()).pid).toBe(pid);
});
