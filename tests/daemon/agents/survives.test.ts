import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../daemon/agents/host/protocol.ts';
import { connectHost, readHostEvents } from '../../../daemon/agents/host-client.ts';
import { startTestHost } from '../../helpers/agent-host.ts';
import { openFake, order } from '../../helpers/agent-host-threads.ts';
import { isAlive } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';

describe('what survives', () => {
  it('a turn goes on while nobody is connected, and a client gets what it lacks', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'say before', `wait ${join(host.dir, 'go')}`, 'say after');
    const since = (await host.event('update')).seq;
    host.client.end();
    await host.client.closed;
    writeFileSync(join(host.dir, 'go'), '');
    await until('the turn to end without a client', () => readHostEvents(host.dir, since).some(({ kind }) => kind === 'turn.finished'));
    const later: HostEvent[] = [];
    const client = await connectHost({ dir: host.dir, since, onEvent: (event) => void later.push(event) });
    await until('the end of the turn', () => later.some(({ kind }) => kind === 'turn.finished'));
    expect(later.map(({ seq }) => seq)).toEqual(later.map((_, at) => since + 1 + at));
    client.end();
  });

  it('a permission waits while nobody is connected, and whoever comes answers it, once', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    host.client.end();
    await host.client.closed;
    const seen: HostEvent[] = [];
    const first = await connectHost({ dir: host.dir, since: 0, onEvent: () => undefined });
    await first.call('prompt', { threadId: 't', promptId: 'p1', content: '```script\nask May I?\nwrite allowed.txt yes\n```\n' });
    first.end();
    await first.closed;
    await until('the request in the log', () => readHostEvents(host.dir, 0).some(({ kind }) => kind === 'permission.requested'));
    const client = await connectHost({ dir: host.dir, since: 0, onEvent: (event) => void seen.push(event) });
    const asked = await until('the request', () => seen.find((event) => event.kind === 'permission.requested'));
    if (asked.kind !== 'permission.requested') throw new Error('it is no request');
    expect(asked.data.title).toBe('May I?');
    const { requestKey } = asked.data;
    await expect(client.call('permit', { threadId: 't', requestKey, optionId: 'maybe' })).rejects.toThrow(/has no option "maybe"/);
    await client.call('permit', { threadId: 't', requestKey, optionId: 'yes' });
    await expect(client.call('permit', { threadId: 't', requestKey, optionId: 'no' })).rejects.toThrow(/any more/);
    await until('the end of the turn', () => seen.some(({ kind }) => kind === 'turn.finished'));
    expect(readFileSync(join(host.dir, 'allowed.txt'), 'utf8')).toBe('yes\n');
    client.end();
  });

  it('a request is withdrawn when its turn is cancelled', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'ask May I?', 'write allowed.txt yes');
    await host.event('permission.requested');
    await host.client.call('cancel', { threadId: 't' });
    expect((await host.event('permission.settled')).data.how).toBe('withdrawn');
    expect((await host.event('turn.finished')).data.cancelled).toBe(true);
  });

  it('a host that was killed leaves its log: the next one goes on, and loads the conversation', async () => {
    const before = await startTestHost();
    const store = join(before.dir, 'store');
    mkdirSync(store);
    const env = { FAKE_AGENT_STORE: store, FAKE_AGENT_LOG: join(before.dir, 'prompts') };
    await openFake(before, { env });
    const { externalId, agentPid } = (await before.event('thread.opened')).data;
    await order(before, 'p1', 'ask May I?', 'hang');
    await before.event('permission.requested');
    process.kill(before.pid, 'SIGKILL');
    await before.exited;
    appendFileSync(join(before.dir, 'events.ndjson'), '{"seq":99');
    await until('the agent to end with its host', () => !isAlive(agentPid));

    await using host = await startTestHost(before.dir);
    const { seq, data } = await host.event('turn.failed');
    expect(data).toMatchObject({ promptId: 'p1', code: 'exited' });
    expect((await host.event('permission.settled')).data.how).toBe('withdrawn');
    expect(host.events.map((event) => event.seq)).toEqual(host.events.map((_, at) => at + 1));
    expect(seq).toBeGreaterThan(1);
    await openFake(host, { env, externalId });
    expect((await host.event('thread.opened', 1)).data).toMatchObject({ how: 'load', externalId });
    expect(await order(host, 'p1', 'say again')).toEqual({ known: true });
    await order(host, 'p2', 'say on');
    await host.event('turn.finished');
    expect(readFileSync(env.FAKE_AGENT_LOG, 'utf8').trim().split('\n')).toEqual([`${externalId} p1`, `${externalId} p2`]);
  });

  it('a conversation that the agent does not have any more is told as gone', async () => {
    await using host = await startTestHost();
    await openFake(host, { env: { FAKE_AGENT_STORE: host.dir }, externalId: 'unknown' });
    expect((await host.event('thread.openFailed')).data.code).toBe('gone');
  });

  it('one that the agent has and can not open is told as such, and not when the agent dies over it', async () => {
    await using host = await startTestHost();
    writeFileSync(join(host.dir, 'damaged.json'), '');
    await openFake(host, { env: { FAKE_AGENT_STORE: host.dir }, externalId: 'damaged' });
    expect((await host.event('thread.openFailed')).data).toMatchObject({ code: 'not_resumed', message: 'Unexpected end of JSON input' });
    const greets = { protocolVersion: 1, agentCapabilities: { loadSession: true } };
    const dies = `process.stdin.on('data', (line) => {
      const { id, method } = JSON.parse(line);
      if (method === 'session/load') process.exit(3);
      console.log(JSON.stringify({ jsonrpc: '2.0', id, result: ${JSON.stringify(greets)} }));
    });`;
    await openFake(host, { threadId: 'u', argv: [process.execPath, '-e', dies], externalId: 'deadly' });
    expect((await host.event('thread.openFailed', 1)).data.code).toBe('error');
  });
});
