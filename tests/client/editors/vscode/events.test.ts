// What the extension makes of events, without VS Code.
import { expect, test } from 'vitest';
import { permissionButtons } from '../../../../client/editors/vscode/model/buttons.ts';
import { configNotice } from '../../../../client/editors/vscode/model/config-notice.ts';
import { conflictsText, diffText } from '../../../../client/editors/vscode/model/documents-text.ts';
import { eventLine } from '../../../../client/editors/vscode/model/event-line.ts';
import { touchedBy } from '../../../../client/editors/vscode/model/touched.ts';
import type { StreamItem } from '../../../../client/index.ts';

const event = (type: string, data: object, subject: object = {}): StreamItem =>
  ({ type, data, subject, seq: 7, at: '2026-01-01T00:00:00Z', actor: 'owner', cursor: 'e:7' }) as unknown as StreamItem;

test('an event names the rows to read anew', () => {
  const ids = { projectId: 'p', sessionId: 's', specTaskId: 't', workSessionId: 'w' };
  expect(touchedBy(event('session.started', {}, ids))).toEqual([{ kind: 'session', id: 's' }]);
  expect(touchedBy(event('step.started', {}, ids))).toEqual([{ kind: 'session', id: 's' }]);
  expect(touchedBy(event('specTask.approved', {}, ids))).toEqual([{ kind: 'specTask', id: 't' }]);
  expect(touchedBy(event('workSession.merged', {}, ids)).map(({ kind }) => kind)).toEqual(['workSession', 'specTask']);
  expect(touchedBy(event('thread.agentStateChanged', {}, ids))).toEqual([{ kind: 'workSession', id: 'w' }]);
  expect(touchedBy(event('attention.raised', { attentionId: 'a' }, ids))).toEqual([{ kind: 'attention', id: 'a' }]);
  expect(touchedBy(event('project.added', {}, ids))).toEqual([{ kind: 'projects' }]);
  for (const type of ['session.dataSet', 'session.outputGrew', 'thread.activity', 'lease.reserved'])
    expect(touchedBy(event(type, {}, ids))).toEqual([]);
});

test('a position that was of no use, or a gap, means everything', () => {
  expect(touchedBy({ type: 'stream.fresh', cursor: 'e:1' })).toEqual([{ kind: 'everything' }]);
  expect(touchedBy({ type: 'stream.gap', cursor: 'e:1', from: 1, to: 2, reason: 'pruned' })).toEqual([{ kind: 'everything' }]);
  expect(touchedBy({ type: 'stream.resumed', cursor: 'e:1' })).toEqual([]);
});

test('each event of the configuration is told, a wrong one with its place', () => {
  const errors = [
    { level: 'error', message: 'Expected a \u001b[31mnumber', path: '/c/config.toml', line: 3 },
    { level: 'error', message: 'x' },
  ];
  const notices = [
    event('config.fileChanged', { path: '/c/config.toml' }),
    event('config.deferred', { keptVersion: 1, changedKeys: ['a.b'] }),
    event('config.reloaded', { oldVersion: 1, newVersion: 2, changedKeys: ['a.b'], restartRequired: [] }),
    event('config.reloaded', { oldVersion: 1, newVersion: 2, changedKeys: ['a.b'], restartRequired: ['websocket.port'] }),
    event('config.reloadFailed', { keptVersion: 1, errors }),
    event('session.started', {}),
  ].map(configNotice);
  expect(notices.map((notice) => notice?.level)).toEqual(['info', 'info', 'info', 'notice', 'warning', undefined]);
  expect(notices[3]?.text).toContain('Restart the daemon for websocket.port.');
  expect(notices[4]?.text).toMatch(/stays in force: \/c\/config\.toml:3: Expected a number \(and 1 more\)$/);
});

test('a line of the log is one line, and what comes too often is none', () => {
  expect(eventLine(event('specTask.created', { name: 'a\nb\u001b[31m' }, { specTaskId: 't' }))).toBe(
    '2026-01-01T00:00:00Z specTask.created t owner {"name":"a\\nb\\u001b[31m"}',
  );
  expect(eventLine(event('thread.activity', {}))).toBeUndefined();
  expect(eventLine({ type: 'stream.resumed', cursor: 'e:1' })).toBe('stream.resumed {"cursor":"e:1"}');
});

test('a button tells the kind of an option beside the name that the agent gave it, and no two are the same', () => {
  const buttons = permissionButtons([
    { optionId: '1', name: 'Reject', kind: 'allow_always' },
    { optionId: '2', name: 'Yes', kind: 'allow_once' },
    { optionId: '3', name: 'Yes', kind: 'allow_once' },
  ]);
  expect(buttons.map(({ label }) => label)).toEqual(['Reject (allow always)', 'Yes (allow once)', 'Yes (allow once) 3']);
});

test('documents hold text and nothing else', () => {
  expect(diffText({ untracked: ['a\nb'], patch: '+\u001b[31mred\r\n' })).toBe('# untracked: a b\n+red\n');
  expect(diffText({ untracked: [] })).toBe('# Nothing changed since the base.\n');
  expect(conflictsText({ branches: ['a', 'b', 'c'], conflicts: [{ a: 'a', b: 'b', files: ['x\u001b]0;t\u0007y'] }] })).toBe(
    '1 pair of 3 branches would conflict.\n\na and b:\n  xy\n',
  );
});
