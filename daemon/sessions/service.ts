// What clients can do with sessions. Each method reads, decides and writes; the runner does the slow work.
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Session } from '../../schemas/session.ts';
import type { StepRun } from '../../schemas/step.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store } from '../store/store.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SessionFilter, SessionRecord } from '../store/tables/sessions.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { Admission } from './admission.ts';
import type { Environment } from './environment.ts';
import { assertLegal, hasEnded } from './machine.ts';
import type { SessionRunner } from './runner.ts';
import { createSharedData, type SharedData } from './shared-data.ts';
import { type Prepared, prepare, type StartDeps, type StartExtras, type StartRequest, start } from './start.ts';
import { againOf } from './start-again.ts';
import { sessionSubject } from './transitions.ts';
import { orderOf, sessionView, stepViews } from './view.ts';

export interface RemoveSession {
  readonly cancel: boolean;
  readonly keepWorktree: boolean;
  readonly callerDirectory?: string | undefined;
}

export interface SessionService {
  prepare(request: Omit<StartRequest, 'environment'>): Promise<Prepared>;
  start(request: StartRequest, origin: Origin, extras?: StartExtras): Promise<Session>;
  /** Starts what an ended session ran, as a new one. */
  retry(ref: string, environment: Environment, origin: Origin): Promise<Session>;
  readonly data: SharedData;
  list(filter: SessionFilter, cursor: string | undefined, limit: number): { sessions: Session[]; nextCursor?: string };
  get(ref: string): Session & { sharedData: Record<string, unknown>; stepRuns: StepRun[] };
  /** Throws NOT_FOUND with near slugs. */
  resolve(ref: string): SessionRecord;
  cancel(ref: string, reason: string | undefined, origin: Origin): Promise<Session>;
  remove(ref: string, options: RemoveSession, origin: Origin): Promise<void>;
  /** The live terminal of a session; throws PRECONDITION when it has none. */
  terminalOf(ref: string): TerminalRecord;
  /** Those that have not ended, for a snapshot. */
  active(r: Reader): Session[];
  /** Goes on with what a former daemon left. */
  resume(): Promise<void>;
}

export interface SessionDeps extends StartDeps {
  readonly clock: Clock;
  readonly admission: Admission;
  readonly runner: SessionRunner;
  readonly terminals: TerminalService;
  readonly worktrees: WorktreeService;
  readonly artifacts: Pick<ArtifactService, 'forget'>;
}

export function createSessionService(deps: SessionDeps): SessionService {
  const { store, clock, runner, terminals, worktrees } = deps;

  const resolve = (ref: string): SessionRecord => {
    const session = store.read((r) => r.sessions.get(ref) ?? r.sessions.bySlug(ref));
    if (session) return session;
    throw notFound(store, ref);
  };
  const cancel = async (session: SessionRecord, reason: string | undefined, origin: Origin): Promise<Session> => {
    const view = await store.write((w) => {
      const now = w.sessions.get(session.id) ?? session;
      assertLegal('cancel', now);
      if (now.cancelRequestedAt === undefined) {
        w.sessions.change(now.id, { cancelRequestedAt: clock.now(), ...(reason === undefined ? {} : { cancelReason: reason }) });
        const data = { ...(reason === undefined ? {} : { reason }) };
        w.events.append({ type: 'session.cancelRequested', subject: sessionSubject(now), actor: origin.actor, data });
      }
      return settle(w, origin.receipt, sessionView(w, w.sessions.get(now.id) ?? now));
    });
    runner.interrupt(session.id);
    await deps.admission.admit();
    return view;
  };
  const removeWorktree = async (
    session: SessionRecord,
    { keepWorktree, callerDirectory }: RemoveSession,
    origin: Origin,
  ): Promise<void> => {
    const worktree = session.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(session.worktreeId as string));
    if (!worktree || worktree.status === 'removed' || worktree.sessionId !== session.id || keepWorktree) return;
    await worktrees.remove(worktree, { callerDirectory, bySession: session.id }, { actor: origin.actor });
  };
  const begin = async (request: StartRequest, origin: Origin, extras?: StartExtras): Promise<Session> => {
    const session = await start(deps, request, origin, extras);
    await deps.admission.admit();
    return session;
  };
  return {
    resolve,
    prepare: (request) => prepare(deps, request),
    start: begin,
    async retry(ref, environment, origin) {
      const { request, extras } = againOf(store, resolve(ref), environment);
      return begin(request, origin, extras);
    },
    data: createSharedData({ store, clock, resolve }),
    list(filter, cursor, limit) {
      return store.read((r) => {
        const { rows, nextCursor } = pageOf(r.sessions.list(filter, cursor ?? afterAllIds, limit + 1), limit);
        const order = orderOf(r);
        return { sessions: rows.map((row) => sessionView(r, row, order)), ...(nextCursor === undefined ? {} : { nextCursor }) };
      });
    },
    get: (ref) =>
      store.read((r) => {
        const session = r.sessions.get(ref) ?? r.sessions.bySlug(ref);
        if (!session) throw notFound(store, ref);
        return {
          ...sessionView(r, session),
          sharedData: r.sessions.sharedData(session.id),
          stepRuns: stepViews(r, session.id),
        };
      }),
    cancel: (ref, reason, origin) => cancel(resolve(ref), reason, origin),
    async remove(ref, options, origin) {
      const asked = resolve(ref);
      if (options.cancel && !hasEnded(asked.status)) {
        await cancel(asked, 'removed', { actor: origin.actor });
        await runner.drive(asked.id);
      }
      // Looked at again: on its way to the end it may have got a worktree and a terminal.
      const session = resolve(asked.id);
      assertLegal('remove', session);
      const terminal = store.read((r) => r.terminals.liveOfSession(session.id));
      // Its own terminal stands in the worktree, so it goes first; the proof for the worktree comes before anything is lost.
      if (terminal) await terminals.kill(terminal, 'session_removed', origin);
      await removeWorktree(session, options, origin);
      await deps.artifacts.forget(session);
      await store.write((w) => {
        w.sessions.remove(session.id);
        const data = { slug: session.slug, commandName: session.commandName };
        w.events.append({ type: 'session.removed', subject: sessionSubject(session), actor: origin.actor, data });
        return settle(w, origin.receipt, {});
      });
    },
    terminalOf(ref) {
      const session = resolve(ref);
      const terminal = store.read((r) => r.terminals.liveOfSession(session.id));
      if (terminal) return terminal;
      const why =
        session.kind === 'standard' ? 'its command needs none; "lifecycle: session" gives it one' : 'it is not there yet, or has ended';
      throw new Failure('PRECONDITION', `Session "${session.slug}" has no terminal: ${why}.`, { details: { reason: 'no_terminal' } });
    },
    active(r) {
      const order = orderOf(r);
      return r.sessions.active().map((session) => sessionView(r, session, order));
    },
    async resume() {
      const active = store.read((r) => r.sessions.active());
      await deps.envFiles.sweep(active.map(({ id }) => id));
      for (const session of active) {
        if (session.status === 'queued') continue;
        void runner.drive(session.id);
        // Asked of the former daemon, which died over it.
        if (session.cancelRequestedAt !== undefined) runner.interrupt(session.id);
      }
      await deps.admission.admit();
    },
  };
}

function notFound(store: Store, ref: string): Failure {
  const near = store.read((r) => [
    ...r.sessions.similarSlugs(ref),
    ...nearest(
      ref,
      r.sessions.list({}, afterAllIds, 200).map(({ slug }) => slug),
    ),
  ]);
  return new Failure('NOT_FOUND', `There is no session "${ref}"; "coppice ps" lists them.`, {
    details: { entity: 'session', id: ref, suggestions: [...new Set(near)].slice(0, 5) },
  });
}
