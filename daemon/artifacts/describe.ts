// A file of an artifact directory as its row tells it.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Artifact } from '../../schemas/artifact.ts';
import { Failure } from '../../schemas/errors.ts';
import type { ArtifactRecord } from '../store/tables/artifacts.ts';
import { sha256Of } from '../tools/sha256.ts';

export type Description = Pick<ArtifactRecord, 'path' | 'kind' | 'sizeBytes' | 'sha256' | 'mime'>;

const kindByFolder: Readonly<Record<string, Artifact['kind']>> = {
  logs: 'log',
  outputs: 'output',
  prompts: 'prompt',
  specs: 'spec',
  meta: 'config',
};

/** Where a file of each kind is put; the kinds without a folder of their own keep their kind in the row. */
export const folderOfKind: Readonly<Record<Artifact['kind'], string>> = {
  log: 'logs',
  output: 'outputs',
  analysis: 'outputs',
  prompt: 'prompts',
  spec: 'specs',
  plan: 'specs',
  config: 'meta',
};

const mimeByExtension: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.log': 'text/plain',
  '.txt': 'text/plain',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.html': 'text/html',
  '.png': 'image/png',
  '.gz': 'application/gzip',
};

interface Content {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly isBinary: boolean;
}

const readAtOnceBytes = 64 * 1024;
/** How much of a file tells whether it is text. */
const beginningBytes = 4096;

export async function describe(artifactDir: string, inside: string): Promise<Description> {
  const path = join(artifactDir, inside);
  const { sizeBytes, sha256, isBinary } = readAtOnce(path) ?? (await readInPieces(path));
  return {
    ...{ path: inside, sizeBytes, sha256 },
    kind: kindByFolder[inside.split('/')[0] ?? ''] ?? 'output',
    mime: mimeByExtension[extname(inside)] ?? (isBinary ? 'application/octet-stream' : 'text/plain'),
  };
}

/**
 * The directory is near, as all of the daemon's own: of a small file each trip to the thread pool costs more than all of this. Undefined for
 * a large one.
 */
function readAtOnce(path: string): Content | undefined {
  // A program may put a pipe in the place of its file, and nobody must wait for who writes to it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Failure('CONFLICT', `"${path}" is no file any more; put one there and index again.`);
    if (found.size > readAtOnceBytes) return undefined;
    const content = readFileSync(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { sizeBytes: content.length, sha256, isBinary: content.subarray(0, beginningBytes).includes(0) };
  } finally {
    closeSync(file);
  }
}

async function readInPieces(path: string): Promise<Content> {
  return { sizeBytes: (await stat(path)).size, sha256: await sha256Of(path), isBinary: await looksBinary(path) };
}

async function looksBinary(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginningBytes), 0, beginningBytes, 0);
    return buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}
