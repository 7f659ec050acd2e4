// Every way in which a file comes to have another content, done by real programs' means. A watch that calls twice for one change shows,
// because each change must be seen before the next one is made, and the contents that were seen are compared whole.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { watchFile } from '../../../daemon/tools/watch.ts';
import { createTempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const debounceMs = 100;

interface Watched extends TempDir {
  readonly path: string;
  readonly file: string;
  /** The content at each call. */
  readonly seen: (string | undefined)[];
  sees(content: string): Promise<unknown>;
}

function watched(file: string, prepare: (at: TempDir['at'], file: string) => void): Watched {
  const dir = createTempDir();
  const path = dir.at(file);
  prepare(dir.at, path);
  const seen: (string | undefined)[] = [];
  const watch = watchFile(path, {
    debounceMs: () => debounceMs,
    onChange: () => void seen.push(existsSync(path) ? readFileSync(path, 'utf8') : undefined),
    onError: (error) => {
      throw error;
    },
  });
  return {
    ...{ path: dir.path, at: dir.at, file: path, seen },
    sees: (content) => until(`"${content}" to be seen`, () => seen.includes(content)),
    [Symbol.dispose]() {
      watch.close();
      dir[Symbol.dispose]();
    },
  };
}

const plain = (_: TempDir['at'], file: string): void => writeFileSync(file, 'before');
const replace = (file: string, content: string): void => {
  writeFileSync(`${file}.tmp`, content);
  renameSync(`${file}.tmp`, file);
};
/** As ln -sfn, Kubernetes and Nix do it: another link in the place of the first. */
const relink = (link: string, target: string): void => {
  symlinkSync(target, `${link}.new`);
  renameSync(`${link}.new`, link);
};

interface Way {
  readonly what: string;
  readonly file?: string;
  readonly prepare: (at: TempDir['at'], file: string) => void;
  readonly change: (content: string, watched: Watched) => void;
}

const ways: readonly Way[] = [
  { what: 'written over', prepare: plain, change: (content, { file }) => writeFileSync(file, content) },
  {
    what: 'truncated and written in pieces',
    prepare: plain,
    change: (content, { file }) => {
      writeFileSync(file, '');
      for (const piece of content) appendFileSync(file, piece);
    },
  },
  { what: 'replaced by a rename', prepare: plain, change: (content, { file }) => replace(file, content) },
  {
    what: 'saved by vim: moved aside, written anew, the backup removed',
    prepare: plain,
    change: (content, { file }) => {
      renameSync(file, `${file}~`);
      writeFileSync(file, content);
      unlinkSync(`${file}~`);
    },
  },
  {
    what: 'removed and made again',
    prepare: plain,
    change: (content, { file }) => {
      unlinkSync(file);
      writeFileSync(file, content);
    },
  },
  { what: 'made where none was', prepare: () => {}, change: (content, { file }) => writeFileSync(file, content) },
  {
    what: 'made in a folder that was not there',
    file: 'home/.config/coppice/config.toml',
    prepare: (at) => mkdirSync(at('home')),
    change: (content, { file }) => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
  },
  {
    what: 'the target of a link in another folder, written over',
    prepare: (at, file) => {
      mkdirSync(at('dotfiles'));
      writeFileSync(at('dotfiles', 'c.toml'), 'before');
      symlinkSync(at('dotfiles', 'c.toml'), file);
    },
    change: (content, { at }) => writeFileSync(at('dotfiles', 'c.toml'), content),
  },
  {
    what: 'the target of a link, replaced by a rename',
    prepare: (at, file) => {
      mkdirSync(at('dotfiles'));
      writeFileSync(at('dotfiles', 'c.toml'), 'before');
      symlinkSync('dotfiles/c.toml', file);
    },
    change: (content, { at }) => replace(at('dotfiles', 'c.toml'), content),
  },
  {
    what: 'a link that gets another target',
    prepare: (at, file) => {
      writeFileSync(at('a'), 'before');
      symlinkSync('a', file);
    },
    change: (content, { at, file }) => {
      writeFileSync(at(content), content);
      relink(file, content);
    },
  },
  {
    what: 'behind a link to a folder, swapped as Kubernetes does it',
    prepare: (at, file) => {
      mkdirSync(at('..1'));
      writeFileSync(at('..1', 'config.toml'), 'before');
      symlinkSync('..1', at('..data'));
      symlinkSync('..data/config.toml', file);
    },
    change: (content, { at }) => {
      mkdirSync(at(`..${content}`));
      writeFileSync(at(`..${content}`, 'config.toml'), content);
      relink(at('..data'), `..${content}`);
    },
  },
  {
    what: 'in a folder that is a link, and gets another target',
    file: 'coppice/config.toml',
    prepare: (at) => {
      mkdirSync(at('one'));
      writeFileSync(at('one', 'config.toml'), 'before');
      symlinkSync('one', at('coppice'));
    },
    change: (content, { at }) => {
      mkdirSync(at(content));
      writeFileSync(at(content, 'config.toml'), content);
      relink(at('coppice'), content);
    },
  },
  {
    what: 'a link whose target comes later',
    prepare: (at, file) => symlinkSync(at('later', 'c.toml'), file),
    change: (content, { at }) => {
      mkdirSync(at('later'), { recursive: true });
      writeFileSync(at('later', 'c.toml'), content);
    },
  },
  {
    what: 'a file in the place of a link',
    prepare: (at, file) => {
      writeFileSync(at('a'), 'before');
      symlinkSync('a', file);
    },
    change: (content, { file }) => replace(file, content),
  },
  {
    what: 'in a folder that is moved away and made again',
    file: 'coppice/config.toml',
    prepare: (at, file) => {
      mkdirSync(at('coppice'));
      writeFileSync(file, 'before');
    },
    change: (content, { at, file }) => {
      renameSync(at('coppice'), at(`old-${content}`));
      mkdirSync(at('coppice'));
      writeFileSync(file, content);
    },
  },
  {
    what: 'in a folder that is removed and made again',
    file: 'coppice/config.toml',
    prepare: (at, file) => {
      mkdirSync(at('coppice'));
      writeFileSync(file, 'before');
    },
    change: (content, { at, file }) => {
      rmSync(at('coppice'), { recursive: true });
      mkdirSync(at('coppice'));
      writeFileSync(file, content);
    },
  },
];

test.each(ways)('a file is seen once when it is $what, the second time too', async ({ file = 'config.toml', prepare, change }) => {
  using watching = watched(file, prepare);
  change('first', watching);
  await watching.sees('first');
  change('second', watching);
  await watching.sees('second');
  expect(watching.seen).toEqual(['first', 'second']);
});

test('a change of the file next to it is none, nor one of a file of the same name elsewhere', async () => {
  using watching = watched('config.toml', plain);
  mkdirSync(watching.at('other'));
  writeFileSync(watching.at('other', 'config.toml'), 'x');
  writeFileSync(watching.at('neighbour.toml'), 'x');
  writeFileSync(watching.file, 'after');
  await watching.sees('after');
  expect(watching.seen).toEqual(['after']);
});

test('many changes in a row are seen once, when it is quiet', async () => {
  using watching = watched('config.toml', plain);
  for (let n = 0; n < 50; n++) replace(watching.file, `edit ${n}`);
  await watching.sees('edit 49');
  expect(watching.seen).toEqual(['edit 49']);
});

test('another mode brings the same content', async () => {
  using watching = watched('config.toml', plain);
  chmodSync(watching.file, 0o600);
  await watching.sees('before');
  expect(watching.seen).toEqual(['before']);
});

test('a loop of links is watched as what it is: no file', async () => {
  using watching = watched('config.toml', (at, file) => {
    symlinkSync('config.toml', at('b'));
    symlinkSync('b', file);
  });
  unlinkSync(watching.file);
  writeFileSync(watching.file, 'real');
  await watching.sees('real');
  expect(watching.seen).toEqual(['real']);
});

test('a path that cannot be followed is told', async () => {
  const errors: Error[] = [];
  const watch = watchFile('/tmp/\0/y', {
    debounceMs: () => 100,
    onChange: () => {},
    onError: (error) => void errors.push(error),
  });
  watch.close();
  expect(errors).toHaveLength(1);
});
