import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createMatcher, type PatternFile } from '../../../daemon/worktrees/ignore-patterns.ts';
import { createTestRepo } from '../../helpers/repo.ts';

const paths = [
  '.env',
  '.env.local',
  'a.env',
  'apps/web/.env',
  'apps/web/.env.test',
  'apps/web/config/local.json',
  'config/local.json',
  'config/deep/er/local.json',
  'secrets/key.pem',
  'secrets/public/readme',
  'build/out.js',
  'src/build',
  'x/y/z/file',
  'with space ',
  'with space',
  '#hash',
  '!bang',
  'a[b].txt',
  'ab.txt',
  'a\\b',
  'ü.txt',
  'file1',
  'fileA',
  'foo/bar/baz',
  'foo/x/y/baz',
  'foo/baz',
];

const patternTexts = [
  '.env*',
  '/.env*',
  '*.env',
  'config/*.json',
  '/config/**/local.json',
  '**/local.json',
  'secrets/',
  'secrets/**',
  'secrets/*\n!secrets/public',
  'secrets/**\n!secrets/public/readme',
  'build/',
  'build',
  'with space ',
  'with space\\ ',
  '\\#hash',
  '\\!bang',
  '#hash',
  'a\\[b\\].txt',
  'a[b].txt',
  'a[!c].txt',
  'file[0-9]',
  'file[[:alpha:]]',
  'file[^0-9]',
  'file[1',
  '?.txt',
  'foo/**/baz',
  'foo/*/baz',
  '**/x/**',
  'x/**/file',
  'x**file',
  'apps/*/.env*\n!.env.test',
  '*',
  '*\n!*.txt',
  '/',
  '**',
  'a\\\\b',
];

/** What git itself says, in a repository without any file tracked. */
async function byGit(files: readonly PatternFile[]): Promise<string[]> {
  await using repo = await createTestRepo({ empty: true });
  for (const { base, text } of files) {
    const file = join(repo.path, base, '.gitignore');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  for (const path of paths) {
    await mkdir(dirname(join(repo.path, path)), { recursive: true });
    await writeFile(join(repo.path, path), '');
  }
  const { stdout } = await feed(repo.path, repo.env);
  return stdout.split('\0').filter((path) => path !== '');
}

function feed(cwd: string, env: Readonly<Record<string, string>>): Promise<{ stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile('git', ['check-ignore', '-z', '--no-index', '--stdin'], { cwd, env }, (_, stdout) => resolve({ stdout }));
    child.stdin?.end(paths.map((path) => `${path}\0`).join(''));
  });
}

test.each(patternTexts)('%j means what git says it means', async (text) => {
  const files = [{ base: '', text }];
  const matcher = createMatcher(files);
  expect(paths.filter((path) => matcher.matches(path, false))).toEqual(await byGit(files));
});

test('a file of patterns that lies deeper decides before those above it', async () => {
  const files = [
    { base: '', text: '.env*\n*.json' },
    { base: 'apps/web', text: '!.env.test\n/config' },
  ];
  const matcher = createMatcher(files);
  expect(paths.filter((path) => matcher.matches(path, false))).toEqual(await byGit(files));
});

test.each<[string, string, boolean]>([
  ['.vscode/settings.json', '.vscode', true],
  ['/config/local/*.yml', 'config', true],
  ['/config/local/*.yml', 'config/local', true],
  ['/config/*/a.yml', 'config/x', true],
  ['/config/*/a.yml', 'other', false],
  ['secrets/**/key', 'secrets', true],
  ['.env*', 'node_modules', false],
  ['**/.env', 'node_modules', false],
  ['apps/**/.env', 'apps/web/node_modules', false],
  ['!a/b', 'a', false],
])('%j leads into %j: %j', (text, directory, leads) => {
  expect(createMatcher([{ base: '', text }]).leadsInto(directory)).toBe(leads);
});
