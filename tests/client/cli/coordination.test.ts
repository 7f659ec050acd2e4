import { describe, expect, test } from 'vitest';
import type { Message } from '../../../schemas/index.ts';
import { at, FakeDaemon } from '../helpers/fake-daemon.ts';
import { inProcess } from '../helpers/in-process.ts';

const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, '0')}`;
const sent: Message = {
  ...{ id: id('msg', 1), specTaskId: id('spt', 1), senderId: id('wks', 1), type: 'request', body: 'Which\n\u001b[31mport?', data: {} },
  ...{ deliveries: [{ recipientId: id('wks', 2), status: 'queued' }], createdAt: at },
};
const inside = { COPPICE_WORK_SESSION_ID: id('wks', 1), COPPICE_SPEC_TASK_ID: id('spt', 1) };

const serving = (): Promise<FakeDaemon> =>
  FakeDaemon.started({
    'coordination.send': () => sent,
    'coordination.list': () => ({ messages: [sent] }),
    'coordination.inbox': () => ({ messages: [sent] }),
    'coordination.ack': () => sent,
    'coordination.summary': () => ({
      byType: { request: 1 },
      byDelivery: { queued: 1 },
      waits: [{ workSessionId: id('wks', 1), waitsFor: id('wks', 2), messageId: sent.id }],
    }),
  });
const paramsOf = (daemon: FakeDaemon): unknown => daemon.calls.at(-1)?.params;

describe('message', () => {
  test.each([
    [['hello'], { type: 'broadcast', to: [], body: 'hello' }],
    [['hello', '--to', '2', '--to', 'parser'], { type: 'notification', to: ['2', 'parser'] }],
    [['4711', '--reply-to', sent.id], { type: 'response', inReplyTo: sent.id, to: [] }],
    [['wait', '--to', '2', '--type', 'blocking', '--expires', '60'], { type: 'blocking', expiresInSeconds: 60 }],
    [
      ['x', '--data', '{"port":1}', '--from', '3', '-t', '#7', '-p', 'shop'],
      { data: { port: 1 }, from: '3', specTask: '#7', project: 'shop' },
    ],
  ])('send %j', async (words, params) => {
    await using daemon = await serving();
    const ran = await inProcess(daemon, ['message', 'send', ...words]);
    expect(ran).toMatchObject({ code: 0, stdout: `${sent.id}\n`, stderr: '' });
    expect(paramsOf(daemon)).toMatchObject(params);
  });

  test.each([
    [['send', 'x', '--type', 'completion'], '--type takes'],
    [['send', 'x', '--data', '[1]'], '--data takes a JSON object'],
    [['send', 'x', '--expires', 'soon'], '--expires takes'],
    [['list'], 'Say which spec task'],
    [['inbox'], 'Say which work session'],
  ])('refuses %j as a usage error', async (words, says) => {
    await using daemon = await serving();
    const ran = await inProcess(daemon, ['message', ...words]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(says);
  });

  test('inside of a work session it and its task are meant', async () => {
    await using daemon = await serving();
    const inbox = await inProcess(daemon, ['message', 'inbox'], { env: inside });
    expect(paramsOf(daemon)).toMatchObject({ workSession: id('wks', 1) });
    expect(inbox.stdout).toBe(`${sent.id} request from ${id('wks', 1)}\n  Which\n  \ufffd[31mport?\n`);
    await inProcess(daemon, ['message', 'ack', sent.id], { env: inside });
    expect(paramsOf(daemon)).toMatchObject({ id: sent.id, workSession: id('wks', 1) });
    const list = await inProcess(daemon, ['message', 'list', '--open'], { env: inside });
    expect(paramsOf(daemon)).toMatchObject({ specTask: id('spt', 1), open: true });
    expect(list.stdout).toBe(`${[sent.id, 'request', at, id('wks', 1), 'queued', 'Which \ufffd[31mport?'].join('\t')}\n`);
    const summary = await inProcess(daemon, ['message', 'summary'], { env: inside });
    expect(summary.stdout).toBe(`request\t1\nqueued\t1\n${id('wks', 1)} waits for ${id('wks', 2)} (${sent.id})\n`);
  });
});

describe('state', () => {
  const entry = { key: 'port', value: { a: 1 }, version: 3, updatedBy: 'owner', updatedAt: at };

  test.each([
    ['8080', 8080],
    ['{"a":1}', { a: 1 }],
    ['plain text', 'plain text'],
    ['"8080"', '8080'],
  ])('set takes %s', async (word, value) => {
    await using daemon = await FakeDaemon.started({ 'sharedState.set': () => entry });
    const ran = await inProcess(daemon, ['state', 'set', 'port', word, '--if-version', '2'], { env: inside });
    expect(ran).toMatchObject({ code: 0, stdout: 'port is of version 3\n' });
    expect(paramsOf(daemon)).toMatchObject({ specTask: id('spt', 1), key: 'port', value, ifVersion: 2 });
  });

  test('get, list and delete name the task', async () => {
    await using daemon = await FakeDaemon.started({
      'sharedState.get': () => entry,
      'sharedState.list': () => ({ entries: [entry] }),
      'sharedState.delete': () => ({}),
    });
    expect((await inProcess(daemon, ['state', 'get', 'port', '-t', '7', '-p', 'shop'])).stdout).toBe('{"a":1}\n');
    expect(paramsOf(daemon)).toMatchObject({ specTask: '#7', project: 'shop', key: 'port' });
    expect((await inProcess(daemon, ['state', 'list'], { env: inside })).stdout).toBe(`port\t3\t${at}\towner\t{"a":1}\n`);
    expect((await inProcess(daemon, ['state', 'delete', 'port'], { env: inside })).stdout).toBe('port removed\n');
  });
});

describe('attention', () => {
  const open = {
    id: id('att', 1),
    kind: 'review' as const,
    status: 'open' as const,
    title: 'Look',
    remedy: 'coppice task specs 1',
    raisedAt: at,
  };

  test('alone lists what waits; show tells what to do; clear takes it off', async () => {
    await using daemon = await FakeDaemon.started({
      'attention.list': () => ({ attention: [open] }),
      'attention.get': () => open,
      'attention.clear': () => ({ ...open, status: 'cleared' as const }),
    });
    expect((await inProcess(daemon, ['attention'])).stdout).toBe(`${open.id}\treview\t${at}\tLook\n`);
    await inProcess(daemon, ['attention', 'list', '--cleared', '-t', '7', '-p', 'shop']);
    expect(paramsOf(daemon)).toMatchObject({ specTask: '#7', project: 'shop', status: 'cleared' });
    expect((await inProcess(daemon, ['attention', 'show', open.id])).stdout).toContain('coppice task specs 1');
    expect((await inProcess(daemon, ['attention', 'clear', open.id])).stdout).toBe(`${open.id} cleared\n`);
  });
});

describe('permission', () => {
  const options = [
    { optionId: 'yes', name: 'Yes', kind: 'allow_once' as const },
    { optionId: 'no', name: 'No', kind: 'reject_once' as const },
  ];
  const asked = {
    ...{ id: id('per', 1), threadId: id('thr', 1), specTaskId: id('spt', 1), title: 'rm -r x', toolCall: {}, options },
    ...{ status: 'pending' as const, requestedAt: at },
  };

  test.each([
    ['allow', 'yes'],
    ['reject_once', 'no'],
    ['no', 'no'],
    ['never', 'never'],
  ])('answer %s is the option %s', async (word, optionId) => {
    await using daemon = await FakeDaemon.started({
      'permission.list': () => ({ permissions: [asked] }),
      'permission.answer': () => ({ ...asked, status: 'answered' as const, answer: optionId }),
    });
    const ran = await inProcess(daemon, ['permission', 'answer', asked.id, word]);
    expect(ran.stdout).toBe(`${asked.id} answered: ${optionId}\n`);
    expect(paramsOf(daemon)).toMatchObject({ id: asked.id, optionId });
  });

  test('list shows what waits, with its options', async () => {
    await using daemon = await FakeDaemon.started({ 'permission.list': () => ({ permissions: [asked] }) });
    expect((await inProcess(daemon, ['permission', 'list'])).stdout).toBe(
      `${asked.id}\tpending\t${at}\t\tyes (allow_once), no (reject_once)\trm -r x\n`,
    );
    expect(paramsOf(daemon)).toMatchObject({ status: 'pending' });
  });
});
