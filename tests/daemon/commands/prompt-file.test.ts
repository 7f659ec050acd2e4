import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { promptProblems, readPromptFile } from '../../../daemon/commands/prompt-file.ts';
import { createFileReader } from '../../../daemon/tools/files.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { definitionOf } from './fixture.ts';

function place() {
  const dir = createTempDir();
  for (const folder of ['p/.coppice/commands', 'p/.prj', 'user']) mkdirSync(dir.at(folder), { recursive: true });
  const read = (file: string, folder?: string) => readPromptFile({ files: createFileReader(), projectPath: dir.at('p') }, file, folder);
  const put = (path: string, text: string | Buffer = path) => writeFileSync(dir.at(path), text);
  return { dir, read, put, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test('the root of the project comes first, then .coppice, .prj, and the folder of the command', async () => {
  using it = place();
  const from = ['p/.coppice/commands/x.md', 'p/.prj/x.md', 'p/.coppice/x.md', 'p/x.md'];
  for (const path of from) {
    it.put(path);
    expect(await it.read('x.md', it.dir.at('p/.coppice/commands'))).toMatchObject({ text: path });
  }
});

test('a command of the user may have its prompt beside it; nothing else lies outside the project', async () => {
  using it = place();
  it.put('user/x.md');
  it.put('secret.md');
  symlinkSync(it.dir.at('secret.md'), it.dir.at('p/link.md'));
  expect(await it.read('x.md', it.dir.at('user'))).toMatchObject({ text: 'user/x.md' });
  for (const file of ['../secret.md', 'link.md', it.dir.at('secret.md')]) {
    expect(await it.read(file, it.dir.at('user')), file).toMatchObject({ problem: expect.stringContaining('outside the project') });
  }
});

test('what is missing, too large, no UTF-8 or no file is told', async () => {
  using it = place();
  it.put('p/big.md', 'x'.repeat(256 * 1024 + 1));
  it.put('p/fits.md', 'x'.repeat(256 * 1024));
  it.put('p/bytes.md', Buffer.from([0xff, 0xfe]));
  const problems = await Promise.all(['gone.md', 'big.md', 'bytes.md', '.prj'].map((file) => it.read(file)));
  expect(problems.map((found) => ('problem' in found ? found.problem : 'fine'))).toEqual([
    expect.stringContaining('"gone.md" is neither in the project'),
    expect.stringContaining('larger than 262144 bytes'),
    expect.stringContaining('is not UTF-8'),
    expect.stringContaining('no regular file'),
  ]);
  expect(await it.read('fits.md')).toHaveProperty('text');
});

test('a prompt may use what is known before the first step, and no secret', () => {
  const standard = definitionOf('name: a\narguments: [topic, {name: key, secret: true}]\nsteps: [date]');
  const worktree = definitionOf('name: a\nworktree: {}\nsteps: [date]');
  expect(promptProblems("{{ topic }} {{ project }} {{ data.x | default('') }} {{ branch | default('none') }}", standard)).toEqual([]);
  expect(promptProblems('{{ branch }} {{ worktree_path }} {{ data.branch_name }} {{ tmux_session }}', worktree)).toEqual([]);
  expect(promptProblems('{{ key }} {{ branch }} {{ data.x }} {{ steps.a.status }} {{ topc }} {{ x', standard)).toEqual([
    expect.stringContaining('"{{ x" is no template'),
    expect.stringContaining('secret argument "key"'),
    expect.stringContaining('"branch" has no value yet'),
    expect.stringContaining('"data.x" has no value yet'),
    expect.stringContaining('"steps.a.status" has no value yet'),
    expect.stringContaining('did you mean "topic"?'),
  ]);
});
