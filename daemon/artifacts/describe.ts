// A file of an artifact directory as its row tells it.
import { open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Artifact } from '../../schemas/artifact.ts';
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

export async function describe(artifactDir: string, inside: string): Promise<Description> {
  const path = join(artifactDir, inside);
  return {
    path: inside,
    kind: kindByFolder[inside.split('/')[0] ?? ''] ?? 'output',
    sizeBytes: (await stat(path)).size,
    sha256: await sha256Of(path),
    mime: mimeByExtension[extname(inside)] ?? ((await looksBinary(path)) ? 'application/octet-stream' : 'text/plain'),
  };
}

async function looksBinary(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}
