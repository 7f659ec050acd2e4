import { describe, expect, test } from 'vitest';
import { applyEvent } from '../../../../client/cli/top/apply-event.ts';
import { glyphsOf } from '../../../../client/cli/top/line.ts';
import { filtered, rowsOf } from '../../../../client/cli/top/rows.ts';
import { keptSelection, selectedIndex, stepped } from '../../../../client/cli/top/select.ts';
import { treeOf } from '../../../../client/cli/top/tree.ts';
import type { ClientEvent } from '../../../../client/index.ts';
import { at, ids } from '../../helpers/fake-daemon.ts';
import { attentionId, sampleWorld, taskId, work, workId } from '../../helpers/top-world.ts';

const glyphs = glyphsOf(true);
const shown = (world = sampleWorld()) => rowsOf(world, glyphs).map(({ lines, name, state, note }) => `${lines}${name}|${state}|${note}`);
const event = (type: string, data: object, subject: object = {}): ClientEvent =>
  ({ seq: 1, at, type, subject, actor: 'owner', data, cursor: 'e:1' }) as unknown as ClientEvent;

test('what waits comes first, then the project with its task, its items as they wait for each other, and its sessions', () => {
  expect(shown()).toEqual([
    'Waits for you (1)||',
    'Review the plan|review|',
    'shop||/src/shop',
    '#3 Log people in|implementation|',
    '├─1 Table|running|working by protocol, codex',
    '│ └─2 Use it|pending|waits for 1',
    '│   └─4 All (after 2, 3)|pending|waits for 2, 3',
    '└─3 Docs|pending|',
    'build-fox|running|by step compile',
  ]);
});

describe('the tree', () => {
  const tree = (items: { id: string; after: string[] }[]) => treeOf(items, glyphsOf(false)).map(({ item, lines }) => `${lines}${item.id}`);
  test('shows everybody once, also in a circle and with unknown ones', () => {
    const circle = [
      { id: 'a', after: ['c'] },
      { id: 'b', after: ['a'] },
      { id: 'c', after: ['b', 'nobody'] },
      { id: 'd', after: ['nobody'] },
      { id: 'e', after: ['e'] },
    ];
    expect(
      tree(circle)
        .map((line) => line.at(-1))
        .toSorted(),
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
  test('of a long chain leaves room for the names', () => {
    const chain = Array.from({ length: 60 }, (_, n) => ({ id: String(n), after: n === 0 ? [] : [String(n - 1)] }));
    const branches = treeOf(chain, glyphs);
    expect(branches.at(-1)).toMatchObject({ depth: 59 });
    expect(Math.max(...branches.map(({ lines }) => lines.length))).toBeLessThanOrEqual(16);
  });
});

test('a filter keeps what a row belongs to, and nothing else', () => {
  const names = (text: string) => filtered(rowsOf(sampleWorld(), glyphs), text).map(({ name }) => name);
  expect(names('use IT')).toEqual(['shop', '#3 Log people in', '1 Table', '2 Use it']);
  expect(names('compile')).toEqual(['shop', 'build-fox']);
  expect(names('nowhere')).toEqual([]);
  expect(names(' ')).toHaveLength(9);
});

test('moving passes headings over, and a row that goes leaves the selection to its neighbour', () => {
  const rows = rowsOf(sampleWorld(), glyphs);
  expect(selectedIndex(rows, undefined)).toBe(1);
  expect(stepped(rows, 1, 1)).toBe(3);
  expect(stepped(rows, 3, -9)).toBe(1);
  expect(stepped(rows, 3, Number.POSITIVE_INFINITY)).toBe(8);
  const without = rows.filter(({ key }) => key !== `attention ${attentionId}`);
  expect(keptSelection(rows, without, `attention ${attentionId}`)).toBe(`task ${taskId}`);
  expect(keptSelection(rows, rows.slice(0, -1), rows.at(-1)?.key)).toBe(rows.at(-2)?.key);
  expect(keptSelection(rows, [], rows[1]?.key)).toBeUndefined();
});

describe('an event', () => {
  test.each([
    ['step.started', { sessionId: ids.session }, [`session ${ids.session}`]],
    ['session.finished', { sessionId: ids.session, specTaskId: taskId, workSessionId: workId(1) }, []],
    ['workSession.statusChanged', { specTaskId: taskId }, [`task ${taskId}`]],
    ['implTask.created', { specTaskId: taskId }, [`task ${taskId}`]],
    ['daemon.started', {}, []],
  ])('%s names what is to be asked for again', (type, subject, stale) => {
    expect(applyEvent(sampleWorld(), event(type, {}, subject)).stale).toEqual(stale);
  });

  test('that tells all is taken in without a question, and once more changes nothing', () => {
    const world = sampleWorld();
    const state = { state: 'waiting_input', source: 'hook', since: at };
    for (const one of [
      event('attention.cleared', { attentionId, kind: 'review', by: 'owner' }),
      event('thread.agentStateChanged', { threadId: 'x', workSessionId: workId(1), state }, { specTaskId: taskId }),
      event('session.removed', { slug: 'x' }, { sessionId: ids.session }),
    ]) {
      expect([applyEvent(world, one), applyEvent(world, one)]).toEqual([{ stale: [] }, { stale: [] }]);
    }
    expect(shown(world)).toContain('├─1 Table|running|waiting input by hook, codex');
    expect(shown(world).join()).not.toMatch(/Review|build-fox/);
    applyEvent(world, event('specTask.archived', {}, { specTaskId: taskId }));
    applyEvent(world, event('project.removed', {}, { projectId: ids.project }));
    expect(shown(world)).toEqual([]);
    const unknown = event('thread.agentStateChanged', { threadId: 'x', workSessionId: workId(9), state }, { specTaskId: taskId });
    expect(applyEvent(world, unknown).stale).toEqual([`task ${taskId}`]);
  });

  test.each([
    ['config.fileChanged', { path: '/c\u001b[31m.toml' }, 'dim', 'Configuration file /c.toml changed'],
    ['config.deferred', { keptVersion: 1, changedKeys: ['a.b'] }, 'yellow', 'waits until no session runs: a.b.'],
    ['config.reloaded', { newVersion: 2, changedKeys: ['a.b'], restartRequired: ['c'] }, 'yellow', 'With the next daemon: c.'],
    ['config.reloaded', { newVersion: 2, changedKeys: [], restartRequired: [] }, 'green', 'Configuration 2 is in force: nothing changed.'],
    ['config.reloadFailed', { keptVersion: 1, errors: [{ level: 'error', message: 'No.', path: '/c', line: 3 }] }, 'red', '/c:3: No.'],
  ])('%s becomes a message', (type, data, tone, text) => {
    const { notice } = applyEvent(sampleWorld(), event(type, data));
    expect(notice?.tone).toBe(tone);
    expect(notice?.text).toContain(text);
  });
});

test('a work session tells by what its state is known, or why it does not run', () => {
  const world = sampleWorld();
  const task = world.tasks.get(taskId);
  if (task === undefined) throw new Error('the sample has a task');
  const noteOf = (more: Parameters<typeof work>[1]) => {
    world.tasks.set(taskId, { ...task, workSessions: [work(1, more)] });
    return shown(world)[4];
  };
  expect(noteOf({ status: 'completed', mergedCommit: 'a'.repeat(40) })).toBe('├─1 Table|completed|merged as aaaaaaaaaa');
  expect(noteOf({ status: 'failed', lastError: 'It\nfailed.' })).toBe('├─1 Table|failed|It failed.');
  expect(noteOf({ status: 'blocked', blockedDetail: 'a conflict in a.txt' })).toBe('├─1 Table|blocked|a conflict in a.txt');
  expect(noteOf({ stage: 'verifying' })).toBe('├─1 Table|verifying|codex');
});
