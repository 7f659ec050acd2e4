// Storing one file of a session: what is read lies inside its worktree or project, what is written inside its artifact directory, links
// resolved on both sides.
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Artifact } from '../../schemas/artifact.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { folderOfKind } from './describe.ts';

export interface PutFile {
  readonly name: string;
  readonly kind: Artifact['kind'];
  readonly path?: string | undefined;
  readonly content?: string | undefined;
  readonly encoding: 'utf8' | 'base64';
}

export interface PutPlace {
  readonly artifactDir: string;
  /** What a file may be taken from. */
  readonly roots: readonly string[];
}

/** Told before anything is written: where the file will be and how large it is. It throws what stands against that. */
export type Admit = (path: string, sizeBytes: number) => Promise<void>;

/** Writes the file whole or not at all, and answers its path inside the artifact directory. */
export async function putFile({ artifactDir, roots }: PutPlace, file: PutFile, unique: string, admit: Admit): Promise<string> {
  const { path, content } = file;
  if ((path === undefined) === (content === undefined)) throw invalid('path', 'Give either a path or content, not both and not neither.');
  const inside = join(folderOfKind[file.kind], checkedName(file.name));
  const bytes = content === undefined ? undefined : decoded(content, file.encoding);
  const source = path === undefined ? undefined : await checkedSource(path, [...roots, artifactDir]);
  await admit(inside, source === undefined ? (bytes?.length ?? 0) : (await stat(source)).size);
  const target = join(artifactDir, inside);
  await makeParents(artifactDir, dirname(inside));
  await refuseTaken(target, inside);
  const temporary = join(dirname(target), `.${unique}.new`);
  try {
    if (source !== undefined) await copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else await writeFile(temporary, bytes ?? '', { mode: 0o600, flag: 'wx' });
    // A link that stands there is replaced, not followed.
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return inside;
}

function checkedName(name: string): string {
  const parts = name.split('/');
  const isBad = parts.some((part) => part === '' || part === '.' || part === '..' || /\p{Cc}/u.test(part));
  if (isBad || parts.some((part) => Buffer.byteLength(part) > limits.nameChars)) {
    throw invalid('name', `"${name}" is no name of an artifact; write a relative path without "..", empty parts or control characters.`);
  }
  return name;
}

function decoded(content: string, encoding: PutFile['encoding']): Buffer {
  if (encoding === 'base64' && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) throw invalid('content', 'The content is not base64.');
  return Buffer.from(content, encoding);
}

async function checkedSource(path: string, roots: readonly string[]): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  const about = real === undefined ? undefined : await stat(real);
  if (real === undefined || !about?.isFile()) {
    throw new Failure('PRECONDITION', `"${path}" is no file; name one that exists.`, { details: { reason: 'no_file', path } });
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  if (realRoots.some((root) => root !== undefined && real.startsWith(root + sep))) return real;
  throw new Failure(
    'PRECONDITION',
    `"${path}" lies outside of the worktree and project of the session; copy it there, or send its content.`,
    {
      details: { reason: 'outside', path },
    },
  );
}

/** Below the artifact directory by folders alone: a step may have put a link in the way. */
async function makeParents(artifactDir: string, folder: string): Promise<void> {
  const target = join(artifactDir, folder);
  let at = artifactDir;
  for (const name of folder.split('/')) {
    at = join(at, name);
    await mkdir(at, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    if (!(await lstat(at)).isDirectory()) {
      throw new Failure('PRECONDITION', `"${at}" is no folder, so nothing can be put into "${target}"; choose another name.`, {
        details: { reason: 'no_folder', path: at },
      });
    }
  }
}

/** Logs and bookkeeping are the daemon's own record of what happened. */
async function refuseTaken(target: string, inside: string): Promise<void> {
  const about = await lstat(target).catch(() => undefined);
  if (about?.isDirectory()) {
    throw new Failure('PRECONDITION', `"${inside}" is a folder; choose another name.`, { details: { reason: 'is_folder', path: inside } });
  }
  const isBookkeeping = /^meta\/[^/]+\.(out|new|script)$/.test(inside);
  if (!isBookkeeping && (!about || !/^(logs|meta)\//.test(inside))) return;
  throw new Failure('PRECONDITION', `"${inside}" belongs to the record of the session; choose another name.`, {
    details: { reason: 'exists', path: inside },
  });
}

function invalid(field: string, message: string): Failure {
  return new Failure('INVALID_PARAMS', message, { details: { issues: [{ path: [field], message }] } });
}
