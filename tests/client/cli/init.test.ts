import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeDaemon, ids } from '../helpers/fake-daemon.ts';
import { inProcess } from '../helpers/in-process.ts';

describe('init', () => {
  test('writes an example once, registers the repository, and never overwrites', async () => {
    await using daemon = await FakeDaemon.started();
    const repository = join(daemon.home, 'repo');
    mkdirSync(join(repository, 'deep', 'er'), { recursive: true });
    execFileSync('git', ['init', '-q', repository]);
    const path = join(repository, '.coppice', 'commands', 'example.yaml');
    const configPath = join(repository, '.coppice', 'config.toml');
    const first = await inProcess(daemon, ['init'], { cwd: join(repository, 'deep', 'er') });
    expect(first).toMatchObject({
      code: 0,
      stdout: `Wrote ${path}; try "coppice run example".\nWrote ${configPath}.\nThe repository is registered as "shop".\n`,
    });
    writeFileSync(path, 'name: mine\n');
    const second = await inProcess(daemon, ['init', '--json'], { cwd: repository });
    expect(JSON.parse(second.stdout)).toEqual({
      ...{ path, written: false, configPath, configWritten: false },
      project: { id: ids.project, name: 'shop' },
    });
    expect(readFileSync(path, 'utf8')).toBe('name: mine\n');
    rmSync(path);
    await daemon.stop();
    expect(await inProcess(daemon, ['init'], { cwd: repository })).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path)).toBe(true);
  });

  test('outside a repository it says so', async () => {
    await using daemon = new FakeDaemon();
    const { code, stderr } = await inProcess(daemon, ['init'], { cwd: daemon.home });
    expect(stderr).toMatch(/is in no git repository; run "git init" first\.\n$/);
    expect(code).toBe(5);
  });
});
