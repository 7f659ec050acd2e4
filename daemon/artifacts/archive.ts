import { chmod, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { ProcessTool } from '../tools/process.ts';
import { sha256Of } from '../tools/sha256.ts';

export interface Archive {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Beside the directory that it holds: what removes the session leaves one that was asked for. */
export function archivePathOf(artifactDir: string): string {
  return `${artifactDir}.tar.gz`;
}

const archiveMs = 15 * 60_000;
/** Names of all files at once. */
const listBytes = 64 * 1024 * 1024;

type Tar = Pick<ProcessTool, 'runTool'>;

/** gzip writes no time of its own for what it reads from a pipe. */
const env = { LC_ALL: 'C', GZIP: undefined, TAR_OPTIONS: undefined };

/**
 * Packs an artifact directory in an order of its own, without owners, so that the same files always give the same bytes. Links go in as
 * links.
 */
export async function packDirectory(process: Tar, artifactDir: string, unique: string): Promise<Archive> {
  const path = archivePathOf(artifactDir);
  const temporary = `${path}.${unique}.new`;
  const order = ['--sort=name', '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'];
  const args = ['--create', '--gzip', `--file=${temporary}`, ...order, '--owner=0', '--group=0', '--numeric-owner'];
  try {
    await process.runTool('tar', [...args, ...placeOf(artifactDir)], { env, timeoutMs: archiveMs });
    await chmod(temporary, 0o600);
    await sync(temporary);
    const sha256 = await sha256Of(temporary);
    const { size } = await stat(temporary);
    await rename(temporary, path);
    await sync(dirname(path));
    await writeFile(`${path}.sha256`, `${sha256}  ${basename(path)}\n`, { mode: 0o600 });
    return { path, sizeBytes: size, sha256 };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Throws unless the archive holds every file of the directory, byte for byte. */
export async function proveArchive(process: Tar, artifactDir: string): Promise<void> {
  const path = archivePathOf(artifactDir);
  const { stdout } = await process.runTool('tar', ['--list', '--gzip', `--file=${path}`], {
    env,
    timeoutMs: archiveMs,
    maxOutputBytes: listBytes,
  });
  const packed = stdout.split('\n').length - 1;
  const present = (await readdir(artifactDir, { recursive: true })).length + 1;
  const differs = packed === present ? await firstDifference(process, artifactDir) : `it holds ${packed} of ${present} entries`;
  if (differs === undefined) return;
  throw new Failure('CONFLICT', `The archive "${path}" is not what "${artifactDir}" holds (${differs}); the files stay as they are.`, {
    details: { expected: artifactDir, actual: differs },
  });
}

/** It may be all that is left, so it must outlive a power cut. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function deleteArchive(path: string): Promise<void> {
  await rm(`${path}.sha256`, { force: true });
  await rm(path, { force: true });
}

async function firstDifference(process: Tar, artifactDir: string): Promise<string | undefined> {
  const args = ['--diff', '--gzip', `--file=${archivePathOf(artifactDir)}`, ...placeOf(artifactDir)];
  const { stdout } = await process.runTool('tar', args, { env, timeoutMs: archiveMs, maxOutputBytes: listBytes, okExitCodes: [0, 1] });
  // Owners were left out on purpose.
  return stdout.split('\n').find((line) => line !== '' && !/: (Uid|Gid) differs$/.test(line));
}

/** Regular files only: a link could lead anywhere. The bookkeeping of running steps, in `meta`, is left out. */
export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const bookkeeping = /^meta\/[^/]+\.(out|new|script)$/;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !bookkeeping.test(relative(dir, path)));
}

function placeOf(artifactDir: string): string[] {
  return [`--directory=${dirname(artifactDir)}`, '--', basename(artifactDir)];
}
