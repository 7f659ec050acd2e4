// The archive of a session beside its artifact directory, and in the end instead of it. One change at a time a session.
import { access, rm } from 'node:fs/promises';
import { Failure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Store, Writer } from '../store/store.ts';
import type { ArchiveRecord, ArchiveState } from '../store/tables/artifact-archives.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { ProcessTool } from '../tools/process.ts';
import { deleteArchive, filesBelow, packDirectory, proveArchive } from './archive.ts';

type Packed = Pick<SessionRecord, 'id' | 'slug' | 'projectId' | 'artifactDir'>;
type Removed = Pick<SessionRecord, 'id' | 'slug' | 'artifactDir'> & { readonly sizeBytes: number };

export interface Packing {
  /** Runs `work`, which writes into the artifact directory; refused once an archive has taken its place. */
  whileOpen<T>(session: Packed, work: () => Promise<T>): Promise<T>;
  /** Packs what an ended session left, or tells what took its place; `committed` runs in the transaction that records it. */
  pack(session: Packed, actor: string, committed: (w: Writer, archive: ArchiveRecord) => void): Promise<ArchiveRecord>;
  /** Packs, proves that nothing is missing, and records that the archive counts from now on. False when something holds the session. */
  seal(sessionId: string, actor: string): Promise<boolean>;
  /** Deletes the files of a session that is sealed. That it is must outlive a power cut by now, or the rest would be packed anew. */
  finish(sessionId: string): Promise<void>;
  /** Deletes the files, or the archive that replaced them, and leaves the rows to their session. */
  forget(session: Packed): Promise<void>;
  /** Deletes files, rows, and the archive that replaced them. False when something holds the session now. */
  remove(session: Removed, actor: string): Promise<boolean>;
}

export interface PackingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly queue: KeyedQueue;
}

export function createPacking({ store, clock, ids, process, queue }: PackingDeps): Packing {
  const inTurn = <T>(sessionId: string, work: () => Promise<T>): Promise<T> => queue.run(`artifacts ${sessionId}`, work);
  const isFree = (sessionId: string): boolean => store.read((r) => r.artifacts.isPrunable(sessionId));

  const record = (archive: ArchiveRecord, { projectId }: Packed, actor: string, committed: (w: Writer) => void): Promise<void> =>
    store.write((w) => {
      w.archives.put(archive);
      const subject = { projectId, sessionId: archive.sessionId };
      const data = { path: archive.path, sha256: archive.sha256 };
      w.events.append({ type: 'artifact.archived', subject, actor, data });
      committed(w);
    });
  const packed = async ({ id, artifactDir }: Packed, state: ArchiveState): Promise<ArchiveRecord> => {
    const archive = await packDirectory(process, artifactDir, ids.random(12));
    const files = (await filesBelow(artifactDir)).length;
    return { ...archive, sessionId: id, files, state, archivedAt: clock.now() };
  };
  const assertOpen = ({ id, slug }: Packed): void => {
    const archive = store.read((r) => r.archives.get(id));
    if (archive === undefined || archive.state === 'beside') return;
    throw new Failure('PRECONDITION', `The artifacts of session "${slug}" are packed in "${archive.path}"; nothing can be added to them.`, {
      details: { reason: 'archived', path: archive.path },
    });
  };
  /** True when an archive that had replaced the files is gone with them. */
  const deleteAll = async (sessionId: string, artifactDir: string): Promise<boolean> => {
    const archive = store.read((r) => r.archives.get(sessionId));
    const hasReplaced = archive !== undefined && archive.state !== 'beside';
    await rm(artifactDir, { recursive: true, force: true });
    if (hasReplaced) await deleteArchive(archive.path);
    return hasReplaced;
  };
  const removeNow = async ({ id, slug, artifactDir, sizeBytes }: Removed, actor: string): Promise<boolean> => {
    if (!isFree(id)) return false;
    // Files first: rows that are left after a crash lead the next pruning here again.
    const hasReplaced = await deleteAll(id, artifactDir);
    await store.write((w) => {
      w.artifacts.removeOfSession(id);
      if (hasReplaced) w.archives.remove(id);
      const projectId = w.sessions.get(id)?.projectId;
      const subject = { sessionId: id, ...(projectId === undefined ? {} : { projectId }) };
      w.events.append({ type: 'artifact.pruned', subject, actor, data: { slug, sizeBytes } });
    });
    return true;
  };
  const sealNow = async (session: Packed, actor: string): Promise<boolean> => {
    const archive = await packed(session, 'replacing');
    await proveArchive(process, session.artifactDir);
    // Looked at again: its worktree may have been restored meanwhile.
    if (!isFree(session.id)) return false;
    await record(archive, session, actor, () => {});
    return true;
  };
  return {
    whileOpen: (session, work) =>
      inTurn(session.id, async () => {
        assertOpen(session);
        return work();
      }),
    pack: (session, actor, committed) =>
      inTurn(session.id, async () => {
        const kept = store.read((r) => r.archives.get(session.id));
        if (kept !== undefined && kept.state !== 'beside') {
          await store.write((w) => committed(w, kept));
          return kept;
        }
        if (!(await isThere(session.artifactDir))) throw nothingToPack(session);
        const archive = await packed(session, 'beside');
        await record(archive, session, actor, (w) => committed(w, archive));
        return archive;
      }),
    seal: (sessionId, actor) =>
      inTurn(sessionId, async () => {
        const session = store.read((r) => r.sessions.get(sessionId));
        if (!session || !isFree(sessionId)) return false;
        assertOpen(session);
        // Rows of files that somebody else took away tell what is not so.
        return (await isThere(session.artifactDir)) ? sealNow(session, actor) : removeNow({ ...session, sizeBytes: 0 }, actor);
      }),
    finish: (sessionId) =>
      inTurn(sessionId, async () => {
        const { archive, session } = store.read((r) => ({ archive: r.archives.get(sessionId), session: r.sessions.get(sessionId) }));
        if (!session || archive?.state !== 'replacing') return;
        await rm(session.artifactDir, { recursive: true, force: true });
        await store.write((w) => w.archives.setState(sessionId, 'replaced'));
      }),
    forget: ({ id, artifactDir }) => inTurn(id, async () => void (await deleteAll(id, artifactDir))),
    remove: (session, actor) => inTurn(session.id, () => removeNow(session, actor)),
  };
}

function nothingToPack({ slug }: Packed): Failure {
  return new Failure('PRECONDITION', `The artifacts of session "${slug}" are gone; there is nothing to pack.`, {
    details: { reason: 'no_artifacts' },
  });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
