import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTestHost } from '../../helpers/agent-host.ts';
import { openFake, order } from '../../helpers/agent-host-threads.ts';
import { until } from '../../helpers/until.ts';

const promptsIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');

describe('a turn of an agent', () => {
  it('is written down before it begins, and ends with what the agent said', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    expect(await order(host, 'p1', 'write made.txt hello', 'say \u001b[31mred\u001b[0m')).toEqual({ known: false });
    const { data } = await host.event('turn.finished');
    expect(data).toMatchObject({ promptId: 'p1', stopReason: 'end_turn', cancelled: false, usage: { totalTokens: 2 } });
    expect(readFileSync(join(host.dir, 'made.txt'), 'utf8')).toBe('hello\n');
    const kinds = host.events.map(({ kind }) => kind);
    expect(kinds.indexOf('turn.started')).toBeLessThan(kinds.indexOf('update'));
    await until('it to be in the pane', () => host.transcript().includes('red'));
    expect(host.transcript()).not.toContain('\u001b');
  });

  it('happens once, however often its prompt is sent', async () => {
    await using host = await startTestHost();
    const log = join(host.dir, 'prompts');
    await openFake(host, { env: { FAKE_AGENT_LOG: log } });
    await host.event('thread.opened');
    await order(host, 'p1', 'say one');
    await host.event('turn.finished');
    expect(await order(host, 'p1', 'say one')).toEqual({ known: true });
    await order(host, 'p2', 'say two');
    await host.event('turn.finished', 1);
    expect(promptsIn(log)).toEqual(['p1', 'p2']);
  });

  it('is the only one of its thread', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'hang');
    await expect(order(host, 'p2', 'say two')).rejects.toThrow(/has a turn already/);
    await expect(host.client.call('prompt', { threadId: 'none', promptId: 'p3', content: '' })).rejects.toThrow(/no thread "none"/);
  });

  it('that was asked to be cancelled is cancelled, whatever the agent answers', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'late-cancel', 'say on', 'hang');
    await host.event('update');
    await host.client.call('cancel', { threadId: 't' });
    expect((await host.event('turn.finished')).data).toMatchObject({ promptId: 'p1', stopReason: 'cancelled', cancelled: true });
  });

  it('without anything in it is tried once more, and then told as empty', async () => {
    await using host = await startTestHost();
    const log = join(host.dir, 'prompts');
    await openFake(host, { env: { FAKE_AGENT_LOG: log } });
    await host.event('thread.opened');
    await order(host, 'p1', 'empty');
    expect((await host.event('turn.finished')).data).toMatchObject({ stopReason: 'end_turn', empty: true });
    expect(promptsIn(log)).toEqual(['p1', 'p1']);
  });

  it('tells a refusal as what it is', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'refuse');
    expect((await host.event('turn.finished')).data).toMatchObject({ stopReason: 'refusal', cancelled: false });
  });

  it('that meets a usage limit fails with the time at which it ends, and the thread lives on', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    const wakeAt = (Math.floor(Date.now() / 1_000) + 3_600) * 1_000;
    await order(host, 'p1', `limit ${wakeAt / 1_000}`);
    expect((await host.event('turn.failed')).data).toMatchObject({ promptId: 'p1', code: 'rate_limited', wakeAt });
    await order(host, 'p2', 'say on');
    await host.event('turn.finished');
  });

  it('keeps updates and notifications that it does not know', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'unknown');
    await host.event('turn.finished');
    expect((await host.event('update')).data.update).toEqual({ sessionUpdate: 'of_a_newer_version', data: 1 });
    expect((await host.event('notice')).data).toEqual({ text: 'notification _vendor/notice', data: { a: 1 } });
  });

  it('with an update that is too long for the socket tells what is left of it', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'bigupdate 10', 'say on');
    await host.event('turn.finished');
    const [big, small] = [await host.event('update'), await host.event('update', 1)];
    expect(big.data.update).toMatchObject({ sessionUpdate: 'agent_message_chunk', leftOutBytes: expect.any(Number) });
    expect(small.data.update).toMatchObject({ content: { text: 'on' } });
  });
});
