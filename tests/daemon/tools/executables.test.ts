import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { executableChain, findExecutables } from '../../../daemon/tools/executables.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

function setUp() {
  const dir = createTempDir();
  const program = (name: string, text: string, mode = 0o755): string => {
    const path = dir.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const place = (...folders: string[]) => ({ searchPath: folders.map((folder) => dir.at(folder)).join(':'), cwd: dir.path });
  const elf = (name: string): string => program(name, '\u007fELF');
  const pathsOf = async (name: string, ...folders: string[]) => (await executableChain(name, place(...folders))).map(({ path }) => path);
  return { dir, program, elf, place, pathsOf, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test('a program is found as execvp finds it: the first that may run, relative folders from where it runs', async () => {
  using setup = setUp();
  const { program, elf, dir } = setup;
  program('a/tool', 'x', 0o644);
  mkdirSync(dir.at('b/tool'), { recursive: true });
  const found = elf('c/tool');
  const later = elf('d/tool');
  const searchPath = `${dir.at('a')}:${dir.at('b')}:c:${dir.at('d')}`;
  expect(await findExecutables('tool', { searchPath, cwd: dir.path })).toEqual([found, later]);
  expect(await findExecutables('./c/tool', { searchPath, cwd: dir.path })).toEqual([found]);
  expect(await findExecutables('tool', { searchPath: '', cwd: dir.at('c') })).toEqual([found]);
  expect(await findExecutables('other', { searchPath, cwd: dir.path })).toEqual([]);
  expect(await findExecutables('sh', { searchPath: undefined, cwd: '/' })).toContain('/bin/sh');
});

test('links are resolved, and the place where it was found is kept', async () => {
  using setup = setUp();
  const real = setup.elf('real/tool-1.2');
  mkdirSync(setup.dir.at('bin'));
  symlinkSync(real, setup.dir.at('bin/tool'));
  expect(await executableChain('tool', setup.place('bin'))).toEqual([{ path: setup.dir.at('bin/tool'), realPath: real }]);
});

test('a script is followed to what interprets it, through env and through scripts', async () => {
  using setup = setUp();
  const { program, elf, pathsOf } = setup;
  const inner = elf('bin/inner');
  const outer = program('bin/outer', `#!${inner} -x\n`);
  const script = program('bin/script', `#! ${outer}\n`);
  expect(await pathsOf('script', 'bin')).toEqual([script, outer, inner]);
  const env = elf('bin/env');
  const viaEnv = program('bin/via-env', `#!${env} inner\n`);
  expect(await pathsOf('via-env', 'bin')).toEqual([viaEnv, env, inner]);
  const split = program('bin/split', `#!${env} -S A=1 inner --flag\n`);
  expect(await pathsOf('split', 'bin')).toEqual([split, env, inner]);
});

test.each(['-i inner', '-S -i inner', '-S "in ner"', 'A=1', ''])(
  'of "env %s" it cannot be told what runs, so env is what runs',
  async (argument) => {
    using setup = setUp();
    setup.elf('bin/inner');
    const env = setup.elf('bin/env');
    const script = setup.program('bin/script', `#!${env} ${argument}\n`);
    expect(await setup.pathsOf('script', 'bin')).toEqual([script, env]);
  },
);

test('text without a first line of that kind runs by the shell, as execvp does it', async () => {
  using setup = setUp();
  const text = setup.program('bin/text', 'echo hello\n');
  expect((await setup.pathsOf('text', 'bin')).slice(0, 2)).toEqual([text, '/bin/sh']);
});

test('what is not found, or goes round in a circle, is no chain at all', async () => {
  using setup = setUp();
  const { program, dir, pathsOf } = setup;
  program('bin/lost', `#!${dir.at('nowhere')}\n`);
  program('bin/round', `#!${dir.at('bin/round')}\n`);
  program('bin/bare', '#!sh\n');
  expect(await pathsOf('nothing', 'bin')).toEqual([]);
  expect(await pathsOf('lost', 'bin')).toEqual([]);
  expect(await pathsOf('round', 'bin')).toEqual([]);
  // The kernel looks beside itself for it, not on the PATH.
  expect(await pathsOf('bare', 'bin')).toEqual([]);
});
