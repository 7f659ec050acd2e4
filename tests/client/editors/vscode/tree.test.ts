import { expect, test } from 'vitest';
import type { TreeNode } from '../../../../client/editors/vscode/model/node.ts';
import { treeOf } from '../../../../client/editors/vscode/model/tree.ts';
import { countsOf, emptyWorld, type World } from '../../../../client/editors/vscode/model/world.ts';
import type { Attention, Project, Session, SpecTask, WorkSession } from '../../../../schemas/index.ts';

const project = (id: string, name = id): Project => ({ id, name, path: `/src/${name}`, createdAt: '2026-01-01T00:00:00Z' });
const session = (id: string, more: Partial<Session>): Session =>
  ({
    id,
    slug: id,
    commandName: 'build',
    projectId: 'p1',
    status: 'running',
    createdAt: `2026-01-01T00:00:0${id.at(-1)}Z`,
    ...more,
  }) as Session;
const task = (id: string, number: number, more: Partial<SpecTask> = {}): SpecTask =>
  ({ id, number, name: id, prompt: 'Do it', projectId: 'p1', status: 'implementation', ...more }) as SpecTask;
const work = (id: string, more: Partial<WorkSession>): WorkSession =>
  ({ id, name: id, projectId: 'p1', specTaskId: 't1', status: 'active', createdAt: '2026-01-01', ...more }) as WorkSession;
const attention = (id: string, more: Partial<Attention>): Attention =>
  ({ id, kind: 'review', status: 'open', title: `See ${id}`, projectId: 'p1', raisedAt: '2026-01-01', ...more }) as Attention;

function worldOf(rows: { [K in keyof World]?: World[K] extends Map<string, infer T> ? T[] : never }): World {
  const world = emptyWorld();
  for (const [name, list] of Object.entries(rows)) {
    for (const row of list) (world[name as keyof World] as Map<string, unknown>).set((row as { id: string }).id, row);
  }
  return world;
}

const shape = ({ label, children }: TreeNode): unknown => (children.length === 0 ? label : [label, children.map(shape)]);

test('what waits stands first, then projects with what waits, and in them tasks with what waits', () => {
  const world = worldOf({
    projects: [project('p0', 'aaa'), project('p1', 'zzz')],
    specTasks: [task('t1', 1), task('t2', 2, { status: 'done' }), task('t3', 3)],
    workSessions: [work('later', { status: 'pending' }), work('done', { status: 'completed' }), work('stuck', { status: 'blocked' })],
    sessions: [session('s1', {}), session('s2', { status: 'failed' }), session('s3', {})],
    attention: [attention('a1', { specTaskId: 't1' })],
  });
  expect(treeOf(world).map(shape)).toEqual([
    ['Waits for you', ['See a1']],
    ['zzz', [['#1 t1', ['stuck', 'later', 'done']], '#3 t3', '#2 t2', 's3', 's1', 's2']],
    'aaa',
  ]);
  expect(countsOf(world)).toEqual({ running: 2, queued: 0, attention: 1 });
});

test('sessions of a spec task stand below it, and once', () => {
  const world = worldOf({
    projects: [project('p1')],
    specTasks: [task('t1', 1)],
    workSessions: [work('w1', { sessionId: 's1' })],
    sessions: [session('s1', { specTaskId: 't1', workSessionId: 'w1' }), session('s2', { specTaskId: 't1' })],
  });
  expect(treeOf(world).map(shape)).toEqual([['p1', [['#1 t1', ['w1', 's2']]]]]);
});

test('a node tells its state, and what can be done with it', () => {
  const world = worldOf({
    projects: [project('p1')],
    specTasks: [task('t1', 1, { status: 'spec_review' }), task('t2', 2)],
    sessions: [
      session('s1', { worktreeId: 'w', branch: 'feature/x', terminalId: 't' }),
      session('s2', { status: 'failed', reason: 'timeout' }),
    ],
  });
  world.progress.set('t2', 0.456);
  const nodes = new Map(treeOf(world)[0]?.children.map((node) => [node.id, node]));
  expect(nodes.get('t1')).toMatchObject({ description: 'spec review', flags: ['review', 'live'] });
  expect(nodes.get('t2')).toMatchObject({ description: 'implementation 46%', flags: ['live'] });
  expect(nodes.get('s1')).toMatchObject({ description: 'running on feature/x', flags: ['output', 'live', 'terminal', 'worktree'] });
  expect(nodes.get('s2')).toMatchObject({ description: 'failed (timeout)', flags: ['output'] });
});

test('names from outside are one harmless line wherever they stand', () => {
  const hostile = '\u001b[31mred\u001b[0m\nline [x](command:y)';
  const world = worldOf({
    projects: [project('p1', hostile)],
    specTasks: [task('t1', 1, { name: hostile, prompt: hostile, lastError: hostile })],
    workSessions: [work('w1', { name: hostile, blockedDetail: hostile, status: 'blocked' })],
    sessions: [session('s1', { slug: hostile, branch: hostile, error: hostile })],
    attention: [attention('a1', { title: hostile, detail: hostile, remedy: hostile })],
  });
  const all = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...all(node.children)]);
  const found = all(treeOf(world));
  expect(found).toHaveLength(6);
  for (const { label, description, tooltip } of found) {
    expect(`${label}${description}`).not.toContain('\n');
    for (const harm of ['\u001b', '](', '[31m']) expect(label + description + tooltip).not.toContain(harm);
  }
});

test('of sessions that have ended a project shows the newest', () => {
  const sessions = Array.from({ length: 30 }, (_, n) =>
    session(`s${n}`, { status: 'succeeded', createdAt: `2026-01-${String(n + 1).padStart(2, '0')}` }),
  );
  const [shown] = treeOf(worldOf({ projects: [project('p1')], sessions }));
  expect(shown?.children).toHaveLength(20);
  expect(shown?.children[0]?.label).toBe('s29');
});
