// What clients do with work sessions: every state in which a control works, and every other one, which it refuses.
import { describe, expect, test } from 'vitest';
import type { WorkSessionRecord } from '../../../daemon/store/tables/work-sessions.ts';
import { blockedReasons, stages, workSessionStatuses } from '../../../schemas/task-words.ts';
import { idOf } from '../../helpers/open-store.ts';
import { owner, setUpWork, specTaskId, type WorkSetup, workSessionRow } from '../../helpers/work-setup.ts';

type State = Pick<WorkSessionRecord, 'status'> & Partial<Pick<WorkSessionRecord, 'stage' | 'blockedReason'>>;
const id = idOf('wks', 1);

/** All there are: each status with its stages or reasons. */
const states: readonly State[] = workSessionStatuses.flatMap((status): State[] => {
  if (status === 'pending' || status === 'active') return stages[status].map((stage) => ({ status, stage }));
  if (status === 'blocked') return blockedReasons.map((blockedReason) => ({ status, blockedReason }));
  return [{ status }];
});
const named = ({ status, stage, blockedReason }: State): string => [status, stage ?? blockedReason ?? []].flat().join('.');

/** With a thread and a commit, as far as its state has those; a reactor that is not there changes nothing by itself. */
async function inState(state: State): Promise<WorkSetup> {
  const work = await setUpWork({ task: { status: 'implementation_failed' }, items: [{}], idle: true });
  const { stage, blockedReason, ...status } = state;
  await work.store.write((w) => {
    const hasBegun = state.status !== 'pending';
    w.workSessions.change(id, { ...status, stage: stage ?? null, blockedReason: blockedReason ?? null });
    if (!hasBegun) return;
    w.workSessions.change(id, { headCommit: 'c'.repeat(40) });
    work.threads.ensure(w, { specTaskId, workSessionId: id, sessionId: idOf('ses', 1), agent: 'fake' });
  });
  return work;
}

interface Control {
  readonly does: (work: WorkSetup) => Promise<{ status: string; stage?: string | undefined; blockedReason?: string | undefined }>;
  /** What comes of each state that it takes. */
  readonly takes: Readonly<Record<string, string>>;
}

const controls: Readonly<Record<string, Control>> = {
  start: {
    does: ({ service }) => service.start({ id }, owner),
    takes: Object.fromEntries(stages.pending.map((stage) => [`pending.${stage}`, `pending.${stage}`])),
  },
  pause: {
    does: ({ service }) => service.pause({ id, cancelTurn: false }, owner),
    takes: Object.fromEntries(
      [
        ...['pending.waiting_dependencies', 'pending.waiting_slot', 'active.running', 'active.waiting_human', 'active.verifying'],
        ...['active.awaiting_merge', 'blocked.paused'],
      ].map((from) => [from, 'blocked.paused']),
    ),
  },
  resume: {
    does: ({ service }) => service.resume({ id, prompt: 'Go on' }, owner),
    takes: Object.fromEntries(
      ['waiting_human', 'merge_conflict', 'paused', 'silent'].map((why) => [`blocked.${why}`, 'pending.waiting_dependencies']),
    ),
  },
  complete: {
    does: ({ service }) => service.complete({ id, summary: 'Done' }, owner),
    takes: {
      ...Object.fromEntries(['running', 'waiting_human', 'verifying'].map((stage) => [`active.${stage}`, 'active.verifying'])),
      ...{ 'active.awaiting_merge': 'active.awaiting_merge', 'active.merging': 'active.merging', completed: 'completed' },
      ...Object.fromEntries(['waiting_human', 'merge_conflict', 'silent'].map((why) => [`blocked.${why}`, 'active.verifying'])),
    },
  },
  cancel: {
    does: ({ service }) => service.cancel({ id, cascade: false }, owner),
    takes: Object.fromEntries(
      states.map(named).flatMap((from) => (from === 'completed' || from === 'active.merging' ? [] : [[from, 'cancelled']])),
    ),
  },
  retry: { does: ({ service }) => service.retry({ id }, owner), takes: { failed: 'pending.waiting_dependencies' } },
  reopen: {
    does: ({ service }) => service.reopen({ id }, owner),
    takes: { completed: 'pending.waiting_dependencies', cancelled: 'pending.waiting_dependencies' },
  },
  requestHelp: {
    does: ({ service }) => service.requestHelp({ id, question: 'Which one?' }, owner),
    takes: { 'active.running': 'blocked.waiting_human', 'active.waiting_human': 'blocked.waiting_human' },
  },
  answerHelp: {
    does: ({ service }) => service.answerHelp({ id, answer: 'The first' }, owner),
    takes: { 'blocked.waiting_human': 'pending.waiting_dependencies' },
  },
  updateStatus: {
    does: ({ service }) => service.updateStatus({ id, progress: 0.5 }, owner),
    takes: Object.fromEntries(states.map(named).flatMap((from) => (/^(active|blocked)/.test(from) ? [[from, from]] : []))),
  },
  merge: {
    does: ({ service }) => service.merge({ id }, owner),
    takes: Object.fromEntries(
      ['active.awaiting_merge', 'blocked.merge_conflict', 'blocked.waiting_human'].map((from) => [from, 'active.awaiting_merge']),
    ),
  },
};

describe.each(Object.entries(controls))('%s', (_name, { does, takes }) => {
  test.each(states.filter((state) => takes[named(state)] !== undefined).map((state) => [named(state), state] as const))(
    'works on one that is %s',
    async (name, state) => {
      await using work = await inState(state);
      expect(named((await does(work)) as State)).toBe(takes[name]);
    },
  );

  test.each(states.filter((state) => takes[named(state)] === undefined).map((state) => [named(state), state] as const))(
    'refuses one that is %s, and leaves it as it was',
    async (name, state) => {
      await using work = await inState(state);
      await expect(does(work)).rejects.toMatchObject({ kind: 'INVALID_TRANSITION', details: { from: state.status } });
      expect(named(work.get(1))).toBe(name);
    },
  );
});

test('a question waits for its answer, which is the next prompt; the turn in which it was asked is no news', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  await work.service.requestHelp({ id, question: 'Which one?' }, owner);
  expect(work.attention()).toEqual(['question']);
  await work.turn(1);
  await work.settled();
  expect(work.get(1)).toMatchObject({ status: 'blocked', blockedReason: 'waiting_human', blockedDetail: 'Which one?' });
  await work.service.answerHelp({ id, answer: 'The first' }, owner);
  expect(work.attention()).toEqual([]);
  expect(work.prompts(1).at(-1)).toBe('The first');
  await work.turn(1);
  await work.is(1, { status: 'completed' });
});

test('a paused one goes on with what its agent did meanwhile', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  await work.service.pause({ id, cancelTurn: false }, owner);
  await work.turn(1);
  await work.settled();
  expect(work.get(1)).toMatchObject({ status: 'blocked', blockedReason: 'paused' });
  await work.service.resume({ id }, owner);
  await work.is(1, { status: 'completed' });
  expect(work.prompts(1)).toHaveLength(1);
});

test('what is said to be complete inside a turn is verified when that is over', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  await work.service.complete({ id, summary: 'All of it' }, owner);
  await work.settled();
  expect(work.get(1)).toMatchObject({ status: 'active', stage: 'verifying' });
  await work.turn(1);
  expect(await work.is(1, { status: 'completed' })).toMatchObject({ summary: 'All of it' });
});

test('a cancel in the middle of a verification ends that', async () => {
  await using work = await setUpWork({ items: [{ verify: ['make check'] }] });
  work.git.hold = new Promise(() => undefined);
  await work.turn(1);
  await work.is(1, { stage: 'verifying' });
  await work.service.cancel({ id, cascade: false }, owner);
  await work.is(1, { status: 'cancelled' });
  await work.settled();
  expect([...work.ended.keys()]).toEqual([work.get(1).sessionId]);
});

test('a stale version is a conflict', async () => {
  await using work = await setUpWork({ items: [{}], idle: true });
  await expect(work.service.pause({ id, cancelTurn: false, ifVersion: 7 }, owner)).rejects.toMatchObject({ kind: 'CONFLICT' });
});

test('without autoStart it waits to be started', async () => {
  await using work = await setUpWork({ items: [{}], sessions: { 1: { started: false } } });
  await work.is(1, { stage: 'waiting_slot' });
  expect(work.service.get(id).waitsFor).toBe('waits to be started');
  await work.service.start({ id }, owner);
  await work.is(1, { status: 'active' });
});

test('changes of the implementation reopen what is named, or make one more work session', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turn(1);
  await work.taskIs('implementation_review');
  await work.service.task.requestChanges(work.task(), { comment: 'Name it better', labels: ['1'] }, owner);
  expect(work.attention()).toEqual([]);
  await work.is(1, { status: 'active', attempt: 2 });
  expect(work.prompts(1).at(-1)).toMatch(/^Name it better/);
  await work.turn(1);
  await work.taskIs('implementation_review');
  await work.service.task.requestChanges(work.task(), { comment: 'Add docs', labels: [] }, owner);
  const { workSessions } = work.service.list({ specTaskId }, undefined, 10);
  expect(workSessions[0]).toMatchObject({ kind: 'ad_hoc', name: 'Changes 1', description: 'Add docs' });
  await expect(work.service.task.requestChanges(work.task(), { comment: 'x', labels: [] }, owner)).rejects.toMatchObject({
    kind: 'INVALID_TRANSITION',
  });
});

test('a cancel of the spec task ends all that runs for it', async () => {
  await using work = await setUpWork({ items: [{}, { dependencies: [idOf('imp', 1)] }] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  await work.service.task.cancel(work.task(), 'No use', owner);
  expect(work.task().status).toBe('cancelled');
  for (const n of [1, 2]) await work.is(n, { status: 'cancelled' });
  expect(work.store.read((r) => r.threads.ofSpecTask(specTaskId)).map(({ status }) => status)).toEqual(['failed']);
  expect(work.store.read((r) => r.instances.liveOf(specTaskId)?.status)).toBe('stopping');
  await work.settled();
  expect([...work.ended.keys()]).toEqual([work.get(1).sessionId]);
});

test('a reference that means nothing is not found', async () => {
  await using work = await setUpWork({ items: [{}], idle: true });
  expect(() => work.service.get('wks_none')).toThrow(/There is no work session "wks_none"/);
  expect(workSessionRow(1).id).toBe(work.service.resolve(id).id);
});
