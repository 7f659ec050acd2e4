import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Catalogue, commandSummary, createCatalogue, runnable } from '../../../daemon/commands/catalogue.ts';
import { resolveStepScript } from '../../../daemon/commands/resolve-step-script.ts';
import { cronProblem } from '../../../daemon/tools/cron.ts';
import { createFileReader, type FileReader } from '../../../daemon/tools/files.ts';
import { builtins, fixture } from './fixture.ts';

let home: string;
let project: string;
let read: string[];
let now: number;
let catalogue: Catalogue;

const put = async (path: string, text: string) => {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
};
const command = (name: string, more = '') => `name: ${name}\nsteps: [echo ${name}]\n${more}`;
const names = async () => (await catalogue.list(project)).map(({ name }) => name);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'coppice-commands-'));
  project = join(home, 'p');
  read = [];
  now = Date.now() + 60_000;
  const real = createFileReader();
  const files: FileReader = {
    ...real,
    readFile: (path) => {
      read.push(path);
      return real.readFile(path);
    },
  };
  catalogue = createCatalogue({ files, now: () => now, builtins, cronProblem, userDir: join(home, 'user') });
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the catalogue', () => {
  test('has the built-in start and nothing else for a bare project', async () => {
    expect((await catalogue.list(project)).map(commandSummary)).toEqual([
      expect.objectContaining({ name: 'start', kind: 'worktree', source: 'builtin', valid: true, shadows: [], diagnostics: [] }),
    ]);
  });

  test('layers by name, whatever the files are called, and shows what is hidden', async () => {
    await put('user/build.yaml', command('build'));
    await put('p/.prj/commands/b.yml', command('build'));
    await put('p/.prj/actions/old.yaml', command('old'));
    await put('p/.coppice/commands/build.yaml', command('build', 'description: mine'));
    expect(await names()).toEqual(['build', 'old', 'start']);
    const build = await catalogue.get(project, 'build');
    expect(commandSummary(build)).toMatchObject({
      description: 'mine',
      source: 'project',
      shadows: [join(project, '.prj/commands/b.yml'), join(home, 'user/build.yaml')],
    });
    expect([build.legacy, (await catalogue.get(project, 'old')).legacy]).toEqual([false, true]);
    expect(build.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('names both files of one layer that share a name', async () => {
    await put('p/.prj/commands/x.yaml', command('same'));
    await put('p/.prj/actions/y.yml', command('same'));
    const entries = (await catalogue.list(project)).filter(({ name }) => name === 'same');
    expect(entries).toHaveLength(2);
    for (const { definition, diagnostics } of entries) {
      expect(definition).toBeUndefined();
      const errors = diagnostics.filter(({ level }) => level === 'error');
      expect(errors).toMatchObject([{ line: 1, column: 7 }]);
      expect(errors[0]?.message).toMatch(/commands\/x\.yaml and .*actions\/y\.yml/);
    }
  });

  test('lists broken files under their file name beside the good ones', async () => {
    await put('p/.coppice/commands/broken.yaml', 'name: [\n');
    await put('p/.coppice/commands/binary.yaml', '');
    await writeFile(join(project, '.coppice/commands/binary.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
    await put('p/.coppice/commands/good.yaml', command('good'));
    await symlink('nowhere', join(project, '.coppice/commands/gone.yaml'));
    await mkdir(join(project, '.coppice/commands/folder.yaml'));
    const entries = await catalogue.list(project);
    expect(entries.map(({ name, definition }) => [name, definition !== undefined])).toEqual([
      ['binary', false],
      ['broken', false],
      ['gone', false],
      ['good', true],
      ['start', true],
    ]);
    const broken = await catalogue.get(project, 'broken');
    expect(broken.diagnostics[0]).toMatchObject({ path: join(project, '.coppice/commands/broken.yaml') });
    expect(() => runnable(broken)).toThrow(/The command "broken" cannot run\. .*broken\.yaml:/);
  });

  test('follows linked files', async () => {
    await put('elsewhere/real.yaml', command('linked'));
    await mkdir(join(project, '.coppice/commands'), { recursive: true });
    await symlink(join(home, 'elsewhere/real.yaml'), join(project, '.coppice/commands/linked.yaml'));
    expect(await names()).toContain('linked');
  });

  test('sees an edit at once and reads only what changed', async () => {
    await put('p/.coppice/commands/a.yaml', command('a'));
    await put('p/.coppice/commands/b.yaml', command('b'));
    await names();
    await names();
    expect(read).toHaveLength(2);
    await put('p/.coppice/commands/tmp', command('a', 'description: new'));
    await rename(join(project, '.coppice/commands/tmp'), join(project, '.coppice/commands/a.yaml'));
    expect((await catalogue.get(project, 'a')).definition?.description).toBe('new');
    expect(read).toHaveLength(3);
    await rm(join(project, '.coppice/commands/b.yaml'));
    expect(await names()).toEqual(['a', 'start']);
  });

  test('does not trust the stamp of a file that changed just now', async () => {
    now = Date.now();
    await put('p/.coppice/commands/a.yaml', command('a', 'category: one'));
    for (const category of ['two', 'six', 'ten']) {
      await names();
      await put('p/.coppice/commands/a.yaml', command('a', `category: ${category}`));
      expect((await catalogue.get(project, 'a')).definition?.category).toBe(category);
    }
  });

  test('extends across layers, hides abstract commands and refuses to run them', async () => {
    await put('user/base.yaml', await fixture('base'));
    await put('p/.coppice/commands/child.yaml', await fixture('child'));
    expect(await names()).toEqual(['child', 'start']);
    expect((await catalogue.get(project, 'child')).definition?.steps).toHaveLength(6);
    const base = await catalogue.get(project, 'base');
    expect(() => runnable(base)).toThrow('abstract');
    await put('user/base.yaml', 'name: base\nabstract: true\nsteps: [echo changed]');
    expect((await catalogue.get(project, 'child')).definition?.steps.map(({ action }) => action)).toContain('echo changed');
  });

  test('suggests a name', async () => {
    await put('user/deploy.yaml', command('deploy'));
    await expect(catalogue.get(project, 'deplyo')).rejects.toMatchObject({
      kind: 'NOT_FOUND',
      message: 'No command is named "deplyo"; did you mean "deploy"?',
      details: { entity: 'command', id: 'deplyo', suggestions: ['deploy'] },
    });
    await expect(catalogue.get(project, '__proto__')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  test('checks a text that is not saved', async () => {
    expect(await catalogue.check(project, 'name: x\nsteps: [gather-contxt]')).toEqual({
      diagnostics: [expect.objectContaining({ line: 2, column: 9, message: expect.stringContaining('type: shell') })],
    });
  });
});

describe('a script of the project', () => {
  const files = createFileReader();
  const find = (type: 'builtin' | 'script', action: string) => resolveStepScript({ files, projectPath: project }, type, action);

  test('is found by name in .coppice/steps, then .prj/steps, .py before .sh', async () => {
    await put('p/.prj/steps/lint.sh', '');
    await put('p/.prj/steps/lint.py', '');
    await put('p/.coppice/steps/test.sh', '');
    await put('p/.prj/steps/test.py', '');
    expect(await find('builtin', 'lint')).toEqual({ path: join(project, '.prj/steps/lint.py'), legacy: true });
    expect(await find('builtin', 'test')).toEqual({ path: join(project, '.coppice/steps/test.sh'), legacy: false });
    expect(await find('script', 'lint.sh')).toEqual({ path: join(project, '.prj/steps/lint.sh'), legacy: true });
    expect(await find('script', '.prj/steps/lint.sh')).toEqual({ path: join(project, '.prj/steps/lint.sh'), legacy: true });
    await put('p/.coppice/commands/c.yaml', 'name: c\nsteps: [lint, test, lint.sh]');
    expect((await catalogue.get(project, 'c')).diagnostics.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('does not leave the steps folders', async () => {
    await put('p/outside.sh', '');
    await put('p/.coppice/steps/in.sh', '');
    await symlink(join(project, 'outside.sh'), join(project, '.coppice/steps/link.sh'));
    for (const action of ['link.sh', '../../outside.sh', 'outside.sh', join(project, 'outside.sh')]) {
      expect(await find('script', action)).toEqual({ problem: 'outside' });
    }
    expect(await find('builtin', 'link')).toEqual({ problem: 'outside' });
    expect(await find('builtin', 'none')).toEqual({ problem: 'missing' });
    expect(await find('builtin', '../steps/in')).toEqual({ problem: 'missing' });
  });
});
