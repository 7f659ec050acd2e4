import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ProcessTool } from '../tools/process.ts';
import { sha256Of } from './describe.ts';

export interface Archive {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Beside the directory that it holds: what removes the session leaves it. */
export function archivePathOf(artifactDir: string): string {
  return `${artifactDir}.tar.gz`;
}

const archiveMs = 15 * 60_000;

/**
 * Packs an artifact directory in an order of its own, without owners, so that the same files always give the same bytes. Links go in as
 * links.
 */
export async function packDirectory(process: Pick<ProcessTool, 'runTool'>, artifactDir: string, unique: string): Promise<Archive> {
  const path = archivePathOf(artifactDir);
  const temporary = `${path}.${unique}.new`;
  const order = ['--sort=name', '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'];
  const args = ['--create', '--gzip', `--file=${temporary}`, ...order, '--owner=0', '--group=0', '--numeric-owner'];
  try {
    await process.runTool('tar', [...args, `--directory=${dirname(artifactDir)}`, '--', basename(artifactDir)], {
      // gzip writes no time of its own for what it reads from a pipe.
      env: { LC_ALL: 'C', GZIP: undefined, TAR_OPTIONS: undefined },
      timeoutMs: archiveMs,
    });
    await chmod(temporary, 0o600);
    const sha256 = await sha256Of(temporary);
    const { size } = await stat(temporary);
    await rename(temporary, path);
    await writeFile(`${path}.sha256`, `${sha256}  ${basename(path)}\n`, { mode: 0o600 });
    return { path, sizeBytes: size, sha256 };
  } finally {
    await rm(temporary, { force: true });
  }
}
