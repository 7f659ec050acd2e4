// What clients can do with sessions. Each method reads, decides and writes; the runner does the slow work.
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Session, SessionUsage } from '../../schemas/session.ts';
import type { StepRun } from '../../schemas/step.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SessionFilter, SessionRecord } from '../store/tables/sessions.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { Sync } from '../store/transaction.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import type { Proc } from '../tools/proc.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { Admission } from './admission.ts';
import type { Environment } from './environment.ts';
import { assertLegal, hasEnded } from './machine.ts';
import { type Prepared, prepare, type StartDeps, type StartExtras, type StartRequest, type StartWish } from './prepare.ts';
import { removeOwnWorktree } from './remove-worktree.ts';
import type { SessionRunner } from './runner.ts';
import { createSharedData, type SharedData } from './shared-data.ts';
import { startTogether } from './start.ts';
import { againOf } from './start-again.ts';
import { questionsOfStart } from './start-policy.ts';
import { requestCancel, sessionSubject } from './transitions.ts';
import { orderOf, sessionView, stepViews } from './view.ts';

export interface RemoveSession {
  readonly cancel: boolean;
  readonly keepWorktree: boolean;
  readonly callerDirectory?: string | undefined;
}

export interface SessionService {
  /** Checks a start, policy included; nothing is written. */
  prepare(request: Omit<StartRequest, 'environment'>): Promise<Prepared>;
  start(request: StartRequest, origin: Origin, extras?: StartExtras): Promise<Session>;
  /** Starts what an ended session ran, as a new one. */
  retry(ref: string, environment: Environment, origin: Origin): Promise<Session>;
  /** What would start an ended session again; without an environment with its own, which members of a group that still runs keep. */
  again(ref: string, environment: Environment | undefined): Promise<StartWish>;
  /** Starts several: all are committed with what `also` writes, or none is. */
  startTogether<T>(
    wishes: readonly StartWish[],
    actor: string,
    also: (w: Writer, sessions: readonly SessionRecord[]) => Sync<T>,
  ): Promise<T>;
  readonly data: SharedData;
  list(filter: SessionFilter, cursor: string | undefined, limit: number): { sessions: Session[]; nextCursor?: string };
  get(ref: string): Session & { sharedData: Record<string, unknown>; stepRuns: StepRun[] };
  /** undefined: nothing of it runs in a scope. */
  usageOf(ref: string): Promise<SessionUsage | undefined> | undefined;
  /** Throws NOT_FOUND with near slugs. */
  resolve(ref: string): SessionRecord;
  cancel(ref: string, reason: string | undefined, origin: Origin): Promise<Session>;
  /** Asks all of these to end at once, so that none of them starts in the place of another. Ended ones are passed over. */
  cancelAll(ids: readonly string[], reason: string, actor: string): Promise<void>;
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
  readonly leftovers: Pick<Leftovers, 'resume'>;
  readonly runner: SessionRunner;
  readonly terminals: TerminalService;
  readonly worktrees: WorktreeService;
  readonly proc: Pick<Proc, 'findMarked'>;
  readonly artifacts: Pick<ArtifactService, 'forget'>;
  /** Absent where nobody counts. */
  readonly usageOf?: (session: SessionRecord) => Promise<SessionUsage | undefined>;
}

export function createSessionService(deps: SessionDeps): SessionService {
  const { store, clock, runner, terminals } = deps;

  const resolve = (ref: string): SessionRecord => {
    const session = store.read((r) => r.sessions.get(ref) ?? r.sessions.bySlug(ref));
    if (session) return session;
    throw notFound(store, ref);
  };
  const cancel = async (session: SessionRecord, reason: string | undefined, origin: Origin): Promise<Session> => {
    const view = await store.write((w) => {
      const now = w.sessions.get(session.id) ?? session;
      assertLegal('cancel', now);
      requestCancel(w, now, { reason, actor: origin.actor, now: clock.now() });
      return settle(w, origin.receipt, sessionView(w, w.sessions.get(now.id) ?? now));
    });
    runner.interrupt(session.id);
    await deps.admission.admit();
    return view;
  };
  /** The terminal stands in the worktree, so the two go together, or neither does. */
  const removeResources = async (
    session: SessionRecord,
    { keepWorktree, callerDirectory }: RemoveSession,
    origin: Origin,
  ): Promise<void> => {
    const { id: sessionId } = session;
    const { worktree, terminal } = store.read((r) => ({
      worktree: session.worktreeId === undefined ? undefined : r.worktrees.get(session.worktreeId),
      terminal: r.terminals.liveOfSession(sessionId),
    }));
    const reason = 'session_removed';
    if (worktree && worktree.status !== 'removed' && worktree.sessionId === sessionId && !keepWorktree) {
      await removeOwnWorktree(deps, { sessionId, worktree, terminal, callerDirectory, reason }, { actor: origin.actor });
    }
    const left = store.read((r) => r.terminals.liveOfSession(sessionId));
    if (left) await terminals.kill(left, reason, { actor: origin.actor });
  };
  const together: SessionService['startTogether'] = async (wishes, actor, also) => {
    const result = await startTogether(deps, wishes, actor, also);
    await deps.admission.admit();
    return result;
  };
  const begin = (wish: StartWish, { actor, receipt }: Origin): Promise<Session> =>
    together([wish], actor, (w, [session]) => settle(w, receipt, sessionView(w, session as SessionRecord)));
  return {
    resolve,
    async prepare(request) {
      const prepared = await prepare(deps, request);
      const { project, definition } = prepared;
      const builtins = await deps.builtinsFor(project.path, definition);
      const facts = { files: deps.files, agents: deps.agents, project, definition, environment: deps.ownEnvironment, builtins };
      deps.policy.assert(await questionsOfStart(deps.policy, facts));
      return prepared;
    },
    start: (request, origin, extras = {}) => begin({ request, extras }, origin),
    startTogether: together,
    again: (ref, environment) => againOf(deps, resolve(ref), environment),
    retry: async (ref, environment, origin) => begin(await againOf(deps, resolve(ref), environment), origin),
    data: createSharedData({ store, clock, resolve, envFiles: deps.envFiles }),
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
    usageOf(ref) {
      if (deps.usageOf === undefined) return undefined;
      const session = resolve(ref);
      return hasEnded(session.status) ? undefined : deps.usageOf(session);
    },
    cancel: (ref, reason, origin) => cancel(resolve(ref), reason, origin),
    async cancelAll(ids, reason, actor) {
      const asked = await store.write((w) =>
        ids
          .flatMap((id) => w.sessions.get(id) ?? [])
          .filter((session) => requestCancel(w, session, { reason, actor, now: clock.now() }))
          .map(({ id }) => id),
      );
      for (const id of asked) runner.interrupt(id);
      if (asked.length > 0) await deps.admission.admit();
    },
    async remove(ref, options, origin) {
      const asked = resolve(ref);
      assertNoMember(store, asked);
      if (options.cancel && !hasEnded(asked.status)) {
        await cancel(asked, 'removed', { actor: origin.actor });
        await runner.drive(asked.id);
      }
      // Looked at again: on its way to the end it may have got a worktree and a terminal.
      const session = resolve(asked.id);
      assertLegal('remove', session);
      await removeResources(session, options, origin);
      await deps.artifacts.forget(session);
      await store.write((w) => {
        w.sessions.remove(session.id);
        if (session.groupId !== undefined) w.groups.removeIfBare(session.groupId);
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
      const { active, members, work } = store.read((r) => ({
        active: r.sessions.active(),
        work: [...r.specTasks.live(), ...r.workSessions.live()],
        members: r.groups.running().flatMap(({ id }) => r.groups.members(id)),
      }));
      await deps.envFiles.sweep([...[...active, ...work].map(({ id }) => id), ...members.map(({ sessionId }) => sessionId)]);
      const runsOf = (id: string) =>
        store.read((r) => r.steps.ofSession(id).filter(({ status }) => status === 'running')).map((step) => step.id);
      deps.leftovers.resume(
        active.map(({ id }) => id),
        runsOf,
      );
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

/** A group that runs may start its members again, from their records. */
function assertNoMember(store: Store, { slug, groupId }: SessionRecord): void {
  if (groupId === undefined || store.read((r) => r.groups.get(groupId)?.status) !== 'running') return;
  throw new Failure('PRECONDITION', `Session "${slug}" belongs to the group "${groupId}", which still runs; cancel that first.`, {
    details: { reason: 'group_running', groupId },
  });
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
