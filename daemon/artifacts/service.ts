// The files a session leaves behind: indexed by walking its artifact directory, read in ranges.
import { join, relative } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Artifact } from '../../schemas/artifact.ts';
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import type { PolicyService } from '../policy/service.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { ArchiveRecord } from '../store/tables/artifact-archives.ts';
import type { ArtifactRecord, PrunableSession } from '../store/tables/artifacts.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { ProcessTool } from '../tools/process.ts';
import { readRange } from '../tools/read-range.ts';
import { type Archive, filesBelow } from './archive.ts';
import { type Description, describe } from './describe.ts';
import { packedAway } from './packed-away.ts';
import { createPacking } from './packing.ts';
import { choosePruned, type PruneWish } from './prune.ts';
import { type PutFile, putFile } from './put.ts';
import { type RetentionOptions, type RetentionResult, type RetentionWish, retain } from './retention.ts';

export interface ArtifactService {
  /** Indexes every file of the session that is new or changed; answers how many there are. */
  index(session: Pick<SessionRecord, 'id' | 'projectId' | 'artifactDir'>, actor: string): Promise<number>;
  /** Stores one file, by path or by content. */
  put(session: SessionRecord, file: PutFile, origin: Origin): Promise<Artifact>;
  /** Packs what an ended session left. */
  archive(session: SessionRecord, origin: Origin): Promise<Archive & { files: number }>;
  /** Deletes all files of a session that is being removed; an archive that somebody asked for stays. */
  forget(session: SessionRecord): Promise<void>;
  /** Packs what is old and deletes what was packed long ago; a dry run only tells. */
  retain(wish: RetentionWish, options: RetentionOptions, origin: Origin): Promise<RetentionResult>;
  /** Deletes by age and size; a dry run only tells. */
  prune(wish: PruneWish & { dryRun: boolean }, origin: Origin): Promise<ResultOf<'artifact.prune'>>;
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
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly policy: Pick<PolicyService, 'enforce'>;
}

export function createArtifactService({ store, clock, ids, process, policy }: ArtifactDeps): ArtifactService {
  const packing = createPacking({ store, clock, ids, process, queue: createKeyedQueue() });
  const keep = (w: Writer, file: Description, session: Pick<SessionRecord, 'id' | 'projectId'>, actor: string): ArtifactRecord => {
    const known = w.artifacts.byPath(session.id, file.path);
    const artifact = { ...file, id: known?.id ?? ids.next('art'), sessionId: session.id, createdAt: known?.createdAt ?? clock.now() };
    w.artifacts.put(artifact);
    const { id, kind, path, sizeBytes } = artifact;
    const subject = { projectId: session.projectId, sessionId: session.id };
    w.events.append({ type: 'artifact.stored', subject, actor, data: { id, kind, path, sizeBytes } });
    return artifact;
  };
  const put: ArtifactService['put'] = async (session, file, origin) => {
    const worktree = session.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(session.worktreeId as string));
    const roots = [session.projectPath, ...(worktree ? [worktree.path] : [])];
    const admit = async (path: string, sizeBytes: number): Promise<void> => {
      const { before, replaced } = store.read((r) => ({
        before: r.artifacts.bytesOfSession(session),
        replaced: r.artifacts.byPath(session.id, path)?.sizeBytes ?? 0,
      }));
      const where = { actor: origin.actor, projectId: session.projectId, sessionId: session.id };
      await policy.enforce([{ about: 'artifacts', sizeBytes: before - replaced + sizeBytes }], where);
    };
    const path = await putFile({ artifactDir: session.artifactDir, roots }, file, ids.random(12), admit);
    const description = { ...(await describe(session.artifactDir, path)), kind: file.kind };
    return store.write((w) => settle(w, origin.receipt, artifactView(keep(w, description, session, origin.actor))));
  };
  return {
    // One at a time a session: two that fit by themselves may not fit together.
    put: (session, file, origin) => packing.whileOpen(session, () => put(session, file, origin)),
    async archive(session, origin) {
      const { slug, status } = session;
      if (session.endedAt === undefined) {
        throw new Failure('PRECONDITION', `Session "${slug}" is ${status}; its artifacts can be packed when it has ended.`, {
          details: { reason: 'not_ended', status },
        });
      }
      const view = ({ path, sizeBytes, sha256, files }: ArchiveRecord) => ({ path, sizeBytes, sha256, files });
      return view(await packing.pack(session, origin.actor, (w, archive) => void settle(w, origin.receipt, view(archive))));
    },
    forget: (session) => packing.forget(session),
    retain: (wish, options, origin) => retain({ store, packing, now: () => clock.now() }, wish, options, origin),
    async prune({ dryRun, ...wish }, origin) {
      if (wish.olderThanDays === undefined && wish.keepBytes === undefined) {
        throw new Failure('INVALID_PARAMS', 'Say what may go: olderThanDays, keepBytes, or both.', {
          details: { issues: [{ path: ['olderThanDays'], message: 'this or keepBytes is needed' }] },
        });
      }
      const { candidates, total } = store.read((r) => ({ candidates: r.artifacts.prunable(), total: r.artifacts.totalBytes() }));
      const chosen = choosePruned(candidates, total, wish, clock.now());
      const gone: PrunableSession[] = [];
      for (const session of chosen) if (dryRun || (await packing.remove(session, origin.actor))) gone.push(session);
      const result = {
        sessions: gone.map(({ id, slug, sizeBytes, endedAt }) => ({ id, slug, sizeBytes, endedAt: isoTime(endedAt) })),
        sizeBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        dryRun,
      };
      return store.write((w) => settle(w, origin.receipt, result));
    },
    async index({ id: sessionId, projectId, artifactDir }, actor) {
      const found: Description[] = [];
      // A few at a time: a session may leave more files than a process may open.
      for (const paths of slicesOf(await filesBelow(artifactDir), filesAtOnce)) {
        // Small ones are read at once: other work comes in between.
        if (found.length > 0) await nextTurn();
        found.push(...(await Promise.all(paths.map((path) => describe(artifactDir, relative(artifactDir, path))))));
      }
      await store.write((w) => {
        for (const file of found) {
          const known = w.artifacts.byPath(sessionId, file.path);
          if (known?.sha256 === file.sha256) continue;
          keep(w, { ...file, kind: known?.kind ?? file.kind }, { id: sessionId, projectId }, actor);
        }
      });
      return found.length;
    },
    list(sessionId, kind, cursor, limit) {
      const rows = store.read((r) => r.artifacts.list(sessionId, kind, cursor ?? '', limit + 1));
      const last = rows[limit - 1];
      return {
        artifacts: rows.slice(0, limit).map(artifactView),
        ...(rows.length > limit && last ? { nextCursor: last.path } : {}),
      };
    },
    async read(id, { offset, limit, encoding }) {
      const artifact = store.read((r) => r.artifacts.get(id));
      const session = artifact && store.read((r) => r.sessions.get(artifact.sessionId));
      const details = { entity: 'artifact', id };
      const missing = new Failure('NOT_FOUND', `There is no artifact "${id}"; "coppice artifacts <session>" lists them.`, { details });
      if (!artifact || !session) throw missing;
      const range = await readRange(join(session.artifactDir, artifact.path), { offset, limit, encoding, complete: true });
      if (!range) throw packedAway(store, session, artifact.path, details) ?? missing;
      return { offset: range.offset, nextOffset: range.nextOffset, sizeBytes: range.size, data: range.data };
    },
  };
}

const filesAtOnce = 16;

function artifactView(row: ArtifactRecord): Artifact {
  return { ...row, createdAt: isoTime(row.createdAt) };
}

function slicesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}
