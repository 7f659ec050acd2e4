import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTaskTemplates } from '../../../daemon/spec-tasks/templates.ts';
import { createFileReader } from '../../../daemon/tools/files.ts';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const templates = createTaskTemplates({ files: createFileReader() });

function projectWith(files: Readonly<Record<string, string>>) {
  const dir = createTempDir();
  const folder = dir.at(join('.coppice', 'task-templates'));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { path: dir.at('.'), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test.each(['feature', 'bugfix', 'refactor', 'investigation'])('%s is built in, and says nothing without a request', async (name) => {
  using project = projectWith({});
  const { promptFor, needsText } = await templates.get(project.path, name);
  expect(needsText).toBe(true);
  expect(promptFor('Do $& this')).toMatch(/^Do \$& this\n\n\S/);
});

test('one of the project brings its words, the form of the plan, what must pass, and agents; it goes before one that is built in', async () => {
  const own = ['prompt: Release {{prompt}}.', 'plan: "## Task 1: Tag"', 'verify: [make check]', 'agents: [codex]'].join('\n');
  using project = projectWith({ 'feature.yaml': own, 'nightly.yaml': 'prompt: Update all dependencies.' });
  const { promptFor, agents } = await templates.get(project.path, 'feature');
  const text = promptFor('1.2');
  for (const part of ['Release 1.2.', '## Task 1: Tag', '- make check']) expect(text).toContain(part);
  expect(agents).toEqual(['codex']);
  const nightly = await templates.get(project.path, 'nightly');
  expect(nightly.needsText).toBe(false);
  expect(nightly.promptFor('')).toBe('Update all dependencies.');
});

test('what is not there or no template is told with its file', async () => {
  using project = projectWith({ 'one.yaml': 'promt: x', 'two.yaml': '{', 'three.yaml': 'prompt: x\nagents: []' });
  expect(await detailsOf(templates.get(project.path, 'featur'), 'NOT_FOUND')).toMatchObject({ suggestions: ['feature'] });
  expect((await failureOf(templates.get(project.path, 'thre'), 'NOT_FOUND')).message).toContain('three');
  await failureOf(templates.get(project.path, '../../../etc/passwd'), 'NOT_FOUND');
  for (const name of ['one', 'two', 'three'])
    expect((await failureOf(templates.get(project.path, name), 'CONFIG_INVALID')).message).toContain(`${name}.yaml`);
});
