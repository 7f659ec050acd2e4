// What a spec task made goes to its base branch, or is put away. Never by force, never in a checkout that is the user's.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Threads } from '../instances/threads.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Origin } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import { hasEnded, specTaskTransitions } from '../spec-tasks/machine.ts';
import { assertVersion, freshSpecTask, moveSpecTask, nameOf, specTaskSubject } from '../spec-tasks/transition.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import { settle } from '../store/receipts.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { MergeMode } from '../tools/git/merge.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import { type CleaningDeps, clean } from './cleaning.ts';
import type { MergingService } from './service.ts';

type Landing = NonNullable<OwnParamsOf<'specTask.land'>['landing']>;

export interface LandingDeps extends CleaningDeps {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly merging: MergingService;
  readonly worktrees: CleaningDeps['worktrees'] & Pick<WorktreeService, 'merge' | 'openPullRequest'>;
  readonly threads: Pick<Threads, 'stopInstance'>;
  readonly attention: AttentionService;
  /** Ends what the task still holds beside its rows. */
  readonly forget: (specTaskId: string) => Promise<void>;
}

export interface LandingService {
  /** With a landing the task is landed now. Throws what land throws. */
  approve(task: SpecTaskRecord, ifVersion: number | undefined, origin: Origin): Promise<SpecTask>;
  /** Throws PRECONDITION {reason: base_checked_out, path, command}, GIT_CONFLICT {files}, CONFLICT when the base moves meanwhile. */
  land(task: SpecTaskRecord, wanted: { landing?: Landing | undefined; message?: string | undefined }, origin: Origin): Promise<SpecTask>;
  archive(task: SpecTaskRecord, origin: Origin): Promise<ResultOf<'specTask.archive'>>;
}

const modes: Readonly<Record<Exclude<Landing, 'pr'>, MergeMode>> = { ff: 'ff', merge: 'no-ff', squash: 'squash' };

export function createLanding(deps: LandingDeps): LandingService {
  const { store, clock, log, attention, threads, merging, worktrees } = deps;

  const assertReviewed = (task: SpecTaskRecord): void => {
    if (task.status !== 'implementation_review') mayChange(specTaskTransitions, nameOf(task), task.status, 'done');
  };
  const done = (task: SpecTaskRecord, landed: { commit?: string; url?: string } | undefined, origin: Origin): Promise<SpecTask> =>
    store.write((w) => {
      const now = freshSpecTask(w, task.id);
      // Two who approve at once land once. What was done without a landing may land later.
      if (now.status === 'done' && (landed === undefined || hasLanded(now))) return settle(w, origin.receipt, specTaskView(now));
      const change = {
        ...(landed?.commit === undefined ? {} : { landedCommit: landed.commit }),
        ...(landed?.url === undefined ? {} : { pullRequestUrl: landed.url }),
      };
      if (now.status === 'done') w.specTasks.change(task.id, change);
      else moveSpecTask(w, task.id, 'done', { origin, now: clock.now(), change });
      if (landed) {
        const data = { baseBranch: task.baseBranch, ...landed };
        w.events.append({ type: 'specTask.landed', subject: specTaskSubject(task), actor: origin.actor, data });
      }
      attention.settleAbout(w, task.id, origin.actor);
      threads.stopInstance(w, task.id, 'the spec task is done');
      return settle(w, origin.receipt, specTaskView(freshSpecTask(w, task.id)));
    });
  const landed = async (task: SpecTaskRecord, what: { commit?: string; url?: string }, origin: Origin): Promise<SpecTask> => {
    const result = await done(task, what, origin);
    // It has landed whatever comes of this; what stays is told and tried again when the task is put away.
    await clean(deps, task, origin).catch((error: unknown) =>
      log.warn({ err: error, specTaskId: task.id }, 'worktrees of what landed stay'),
    );
    return result;
  };
  const land: LandingService['land'] = async (task, { landing = task.landing === 'none' ? 'merge' : task.landing, message }, origin) => {
    if (task.status === 'done' && hasLanded(task)) return specTaskView(task);
    assertReviewed(task);
    const worktree = await merging.integration(task);
    const text = message ?? `${task.name} (#${task.number})`;
    try {
      if (landing === 'pr') {
        const wanted = { title: text.split('\n')[0] as string, body: task.prompt, base: task.baseBranch, draft: false, remote: 'origin' };
        const { url } = await worktrees.openPullRequest(worktree, wanted, { actor: origin.actor });
        return await landed(task, { url }, origin);
      }
      const { commit } = await worktrees.merge(
        worktree,
        { into: task.baseBranch, mode: modes[landing], message: text },
        { actor: origin.actor },
      );
      return await landed(task, { commit }, origin);
    } catch (error) {
      if (isFailure(error) && error.details?.reason === 'base_checked_out') await raiseCheckedOut(task, error);
      throw error;
    }
  };
  const raiseCheckedOut = (task: SpecTaskRecord, { message, details }: Failure): Promise<void> =>
    store.write((w) =>
      attention.raise(w, {
        kind: 'base_checked_out',
        refId: task.id,
        title: `#${task.number} "${task.name}" can not land: ${message}`.slice(0, 500),
        remedy: String(details?.command ?? ''),
        projectId: task.projectId,
        specTaskId: task.id,
      }),
    );
  return {
    land,
    async approve(task, ifVersion, origin) {
      assertVersion(task, ifVersion);
      if (task.status === 'done') return specTaskView(task);
      assertReviewed(task);
      return task.landing === 'none' ? done(task, undefined, origin) : land(task, {}, origin);
    },
    async archive(task, origin) {
      if (!hasEnded(task.status)) {
        throw new Failure('INVALID_TRANSITION', `${nameOf(task)} is ${task.status}; only one that is done or cancelled is put away.`, {
          details: { from: task.status, to: 'archived', allowed: [] },
        });
      }
      await store.write((w) => threads.stopInstance(w, task.id, 'the spec task is put away'));
      const kept = await clean(deps, task, origin);
      await Promise.all([deps.forget(task.id), merging.forgetLogs(task.id)]);
      return store.write((w) => {
        const now = freshSpecTask(w, task.id);
        if (now.archivedAt === undefined) {
          w.specTasks.change(task.id, { archivedAt: clock.now() });
          w.events.append({ type: 'specTask.archived', subject: specTaskSubject(now), actor: origin.actor, data: { number: now.number } });
        }
        return settle(w, origin.receipt, { ...specTaskView(freshSpecTask(w, task.id)), kept });
      });
    },
  };
}

function hasLanded({ landedCommit, pullRequestUrl }: SpecTaskRecord): boolean {
  return landedCommit !== undefined || pullRequestUrl !== undefined;
}
