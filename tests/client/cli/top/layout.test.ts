import { describe, expect, test } from 'vitest';
import { frame, type View } from '../../../../client/cli/top/layout.ts';
import { glyphsOf, type Line } from '../../../../client/cli/top/line.ts';
import { widthOf } from '../../../../client/cli/top/plain-text.ts';
import { press } from '../../../../client/cli/top/press.ts';
import { rowsOf } from '../../../../client/cli/top/rows.ts';
import { summaryOf } from '../../../../client/cli/top/summary.ts';
import { firstUi, type Ui } from '../../../../client/cli/top/ui.ts';
import { at } from '../../helpers/fake-daemon.ts';
import { attention, attentionId, sampleWorld, taskId, workId } from '../../helpers/top-world.ts';

const size = { columns: 80, rows: 24 };
const viewOf = (world = sampleWorld(), ui: Partial<Ui> = {}, laterMs = 0): View => ({
  ui: { ...firstUi, ...ui },
  rows: rowsOf(world, glyphsOf(true)),
  summary: summaryOf(world),
  now: Date.parse(at) + laterMs,
});
const textOf = ({ spans }: Line): string => spans.map(({ text }) => text).join('');
const texts = (view: View, of = size) => frame(view, of).map((line) => textOf(line).trimEnd());
const char = (text: string) => ({ name: 'char', char: text }) as const;

test('a frame of 80 by 24 leaves the last row free and shows what there is in columns', () => {
  const lines = texts(viewOf());
  expect(lines).toHaveLength(23);
  expect(lines.slice(0, 10)).toEqual(
    [
      'coppice  1 project  1 spec task  1 session  1 waits for you',
      'Waits for you (1)',
      '> review         Review the plan                                             <5m',
      'shop  /src/shop',
      '  #3 Log people in           implementation        [######----------] 40%    <5m',
      '  ├─1 Table                  running        working by protocol, codex       <5m',
      '  │ └─2 Use it               pending        waits for 1',
      '  │   └─4 All (after 2, 3)   pending        waits for 2, 3',
      '  └─3 Docs                   pending',
      '  build-fox                  running        by step compile                  <5m',
    ].map((line) => line.replace(/ <5m$/, '<5m')),
  );
  expect(lines.at(-1)).toMatch(/^Enter open/);
});

describe('of any size', () => {
  const hostile = '表を作る🎉'.repeat(30);
  const screens: Partial<Ui>[] = [
    {},
    { away: true, notice: { text: hostile, tone: 'red' } },
    { screen: { kind: 'filter' }, filter: hostile },
    { screen: { kind: 'help', top: 0 } },
    { screen: { kind: 'plan', specTaskId: taskId, title: hostile, revision: 1, inReview: true, text: [hostile], top: 0 } },
    { screen: { kind: 'output', sessionId: 'x', title: 'x', text: Array(99).fill(hostile), ended: true, top: undefined } },
    { screen: { kind: 'question', attentionId, workSessionId: workId(1), question: hostile, text: hostile } },
    { screen: { kind: 'confirm', target: { name: hostile } } },
  ];
  test.each(screens.map((ui, index) => ({ ui, index })))('screen $index is never wider nor longer', ({ ui }) => {
    for (const columns of [1, 20, 79, 80, 120]) {
      for (const rows of [2, 5, 24, 40]) {
        const lines = frame(viewOf(sampleWorld(hostile), ui), { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows - 1);
        for (const line of lines) expect(widthOf(textOf(line)), `${columns}x${rows} ${textOf(line)}`).toBeLessThanOrEqual(columns);
      }
    }
  });
});

test('ages go in steps of five minutes, so that a view in which nothing happens is drawn that often', () => {
  const ageAfter = (minutes: number) =>
    texts(viewOf(sampleWorld(), {}, minutes * 60_000))[2]
      ?.slice(-4)
      .trim();
  expect([0, 4.9, 5, 9.9, 59, 61, 60 * 30].map(ageAfter)).toEqual(['<5m', '<5m', '5m', '5m', '55m', '1h', '1d']);
});

describe('keys', () => {
  const pressing = (ui: Partial<Ui>, ...keys: Parameters<typeof press>[1][]) =>
    keys.reduce<ReturnType<typeof press>>((state, key) => press(viewOf(sampleWorld(), state.ui), key, size), { ui: { ...firstUi, ...ui } });
  const task = `task ${taskId}`;

  test('act on the selected row, and say why when they can not', () => {
    expect(pressing({}, { name: 'enter' }).effect).toMatchObject({ do: 'openPlan', target: { specTaskId: taskId } });
    expect(pressing({}, { name: 'down' }).ui.selected).toBe(task);
    expect(pressing({ selected: task }, char('a')).ui.notice?.text).toBe('"#3 Log people in" has no terminal of its own.');
    expect(pressing({ selected: task }, char('r')).ui.notice?.text).toContain('asks nothing');
    const session = { ui: pressing({}, { name: 'end' }).ui };
    expect(pressing(session.ui, char('a')).effect).toMatchObject({ do: 'attach', target: { name: 'build-fox' } });
    expect(pressing(session.ui, char('o')).effect).toMatchObject({ do: 'openOutput' });
    expect(pressing(session.ui, char('p')).ui.notice?.text).toContain('has no plan');
    expect(pressing({}, char('q')).effect).toEqual({ do: 'quit' });
    expect(pressing({ screen: { kind: 'help', top: 0 } }, { name: 'interrupt' }).effect).toEqual({ do: 'quit' });
  });

  test('cancel only after a yes', () => {
    const asked = pressing({ selected: task }, char('c'));
    expect(asked).toMatchObject({ ui: { screen: { kind: 'confirm' } } });
    expect(asked.effect).toBeUndefined();
    expect(pressing(asked.ui, char('n'))).toEqual({ ui: { ...asked.ui, screen: { kind: 'list' } } });
    expect(pressing(asked.ui, char('y')).effect).toMatchObject({ do: 'cancel', target: { specTaskId: taskId } });
  });

  test('approve exactly the revision that is shown, and only one in review', () => {
    const plan = { kind: 'plan', specTaskId: taskId, title: 'x', revision: 7, inReview: true, text: ['a'], top: 0 } as const;
    expect(pressing({ screen: plan }, char('a')).effect).toEqual({ do: 'approve', specTaskId: taskId, revision: 7 });
    expect(pressing({ screen: { ...plan, inReview: false } }, char('a')).effect).toBeUndefined();
    expect(pressing({ screen: plan }, { name: 'escape' })).toMatchObject({ ui: { screen: { kind: 'list' } } });
  });

  test('type a filter and an answer, letters of commands included', () => {
    const typed = pressing({}, char('/'), char('q'), char('c'), { name: 'backspace' }, { name: 'enter' });
    expect(typed).toMatchObject({ ui: { filter: 'q', screen: { kind: 'list' } } });
    expect(pressing(typed.ui, { name: 'escape' }).ui.filter).toBe('');
    const question = { kind: 'question', attentionId, workSessionId: workId(1), question: 'x', text: '' } as const;
    expect(pressing({ screen: question }, { name: 'enter' }).effect).toBeUndefined();
    expect(pressing({ screen: question }, char('q'), char(' '), { name: 'enter' }).effect).toMatchObject({
      do: 'answerQuestion',
      answer: 'q',
    });
  });

  test('look back in an output, and come to its end again', () => {
    const output = { kind: 'output', sessionId: 'x', title: 'x', text: Array(50).fill('line'), ended: false, top: undefined } as const;
    const up = pressing({ screen: output }, { name: 'up' });
    expect(up).toMatchObject({ ui: { screen: { top: 29 } } });
    expect(pressing(up.ui, { name: 'down' })).toMatchObject({ ui: { screen: { top: undefined } } });
    expect(pressing(up.ui, char('g'))).toMatchObject({ ui: { screen: { top: 0 } } });
    expect(pressing(up.ui, char('q')).effect).toEqual({ do: 'closeOutput' });
  });

  test('choose an option of a permission by its digit or by moving', () => {
    const options = ['yes', 'no'].map((optionId) => ({ optionId, name: optionId, kind: 'allow_once' as const }));
    const permission = { id: 'per', threadId: 'thr', specTaskId: taskId, title: 'x', toolCall: {}, options } as const;
    const asked = {
      kind: 'permission',
      attentionId,
      chosen: 0,
      permission: { ...permission, status: 'pending', requestedAt: at },
    } as const;
    expect(pressing({ screen: asked }, { name: 'down' }, { name: 'down' }, { name: 'enter' }).effect).toMatchObject({ optionId: 'no' });
    expect(pressing({ screen: asked }, char('1')).effect).toMatchObject({ do: 'answerPermission', optionId: 'yes' });
    expect(pressing({ screen: asked }, char('3')).effect).toBeUndefined();
    const world = sampleWorld();
    world.attention.set(attentionId, attention({ kind: 'permission' }));
    expect(press(viewOf(world), char('r'), size).effect).toMatchObject({ do: 'openPermission' });
  });
});
