// The files a session leaves behind: indexed by walking its artifact directory, read in ranges.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { Artifact } from '../../schemas/artifact.ts';
import { Failure } from '../../schemas/errors.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactRecord } from '../store/tables/artifacts.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { readRange } from '../tools/read-range.ts';

export interface ArtifactService {
  /** Indexes every file of the session that is new or changed; answers how many there are. */
  index(session: Pick<SessionRecord, 'id' | 'projectId' | 'artifactDir'>, actor: string): Promise<number>;
  list(
    sessionId: string,
    kind: string | undefined,
    cursor: string | undefined,
    limit: number,
  ): { artifacts: Artifact[]; nextCursor?: string };
  read(
    id: string,
    range: { offset: number; limit: number; encoding: 'utf8' | 'base64' },
  ): Promise<{ offset: number; nextOffset: number; sizeBytes: number; data: string }>;
}

export interface ArtifactDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
}

const kindByFolder: Readonly<Record<string, Artifact['kind']>> = {
  logs: 'log',
  outputs: 'output',
  prompts: 'prompt',
  specs: 'spec',
  meta: 'config',
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

export function createArtifactService({ store, clock, ids }: ArtifactDeps): ArtifactService {
  return {
    async index({ id: sessionId, projectId, artifactDir }, actor) {
      const found: Description[] = [];
      // A few at a time: a session may leave more files than a process may open.
      for (const paths of slicesOf(await filesBelow(artifactDir), filesAtOnce)) {
        found.push(...(await Promise.all(paths.map((path) => describe(artifactDir, path)))));
      }
      await store.write((w) => {
        for (const file of found) {
          const known = w.artifacts.byPath(sessionId, file.path);
          if (known?.sha256 === file.sha256) continue;
          const artifact: ArtifactRecord = { ...file, id: known?.id ?? ids.next('art'), sessionId, createdAt: clock.now() };
          w.artifacts.put(artifact);
          const { id, kind, path, sizeBytes } = artifact;
          w.events.append({ type: 'artifact.stored', subject: { projectId, sessionId }, actor, data: { id, kind, path, sizeBytes } });
        }
      });
      return found.length;
    },
    list(sessionId, kind, cursor, limit) {
      const rows = store.read((r) => r.artifacts.list(sessionId, kind, cursor ?? '', limit + 1));
      const last = rows[limit - 1];
      return {
        artifacts: rows.slice(0, limit).map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),
        ...(rows.length > limit && last ? { nextCursor: last.path } : {}),
      };
    },
    async read(id, { offset, limit, encoding }) {
      const artifact = store.read((r) => r.artifacts.get(id));
      const session = artifact && store.read((r) => r.sessions.get(artifact.sessionId));
      const missing = new Failure('NOT_FOUND', `There is no artifact "${id}"; "coppice artifacts <session>" lists them.`, {
        details: { entity: 'artifact', id },
      });
      if (!artifact || !session) throw missing;
      const range = await readRange(join(session.artifactDir, artifact.path), { offset, limit, encoding, complete: true });
      if (!range) throw missing;
      return { offset: range.offset, nextOffset: range.nextOffset, sizeBytes: range.size, data: range.data };
    },
  };
}

const filesAtOnce = 16;

type Description = Pick<ArtifactRecord, 'path' | 'kind' | 'sizeBytes' | 'sha256' | 'mime'>;

/** Regular files only: a link could lead anywhere. The bookkeeping of running steps, in `meta`, is left out. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const bookkeeping = /^meta\/[^/]+\.(out|new|script)$/;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !bookkeeping.test(relative(dir, path)));
}

function slicesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}

async function describe(artifactDir: string, path: string): Promise<Description> {
  const inside = relative(artifactDir, path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return {
    path: inside,
    kind: kindByFolder[inside.split('/')[0] ?? ''] ?? 'output',
    sizeBytes: (await stat(path)).size,
    sha256: hash.digest('hex'),
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
