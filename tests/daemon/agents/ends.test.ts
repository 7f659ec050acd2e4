import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectHost } from '../../../daemon/agents/host-client.ts';
import { hostProgram, startTestHost } from '../../helpers/agent-host.ts';
import { openFake, order } from '../../helpers/agent-host-threads.ts';
import { isAlive } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';

describe('the beginning and the end of an agent', () => {
  it.each([
    ['is not there', 'none'],
    ['would lie in a file', 'events.ndjson/agent'],
    ['has a name that no file can have', 'a\0b'],
  ])('a program that %s is told, and the host goes on', async (_, name) => {
    await using host = await startTestHost();
    await openFake(host, { argv: [`${host.dir}/${name}`] });
    expect((await host.event('thread.openFailed')).data).toMatchObject({ code: 'spawn', generation: 1 });
    await until('the thread to be gone', async () => (await host.client.call('status', {})).threads.length === 0);
  });

  it('an agent that wants a login tells its methods, and is not asked again', async () => {
    await using host = await startTestHost();
    await openFake(host, { env: { FAKE_AGENT_AUTH: '1' } });
    const { data } = await host.event('thread.openFailed');
    expect(data).toMatchObject({ code: 'auth_required', methods: [{ id: 'login' }] });
    await openFake(host, { threadId: 'other' });
    await host.event('thread.opened');
    expect(host.events.filter(({ kind }) => kind === 'thread.openFailed')).toHaveLength(1);
  });

  it('updates that come before the id of the conversation are told after it', async () => {
    await using host = await startTestHost();
    await openFake(host, { env: { FAKE_AGENT_EARLY: '1' } });
    const opened = await host.event('thread.opened');
    const early = await host.event('update');
    expect(early.data.update).toMatchObject({ content: { text: 'early' } });
    expect(early.seq).toBeGreaterThan(opened.seq);
  });

  it.each([
    ['garbage', 'garbage', /no JSON/],
    ['a line of 40 MB', 'bigline 40', /more than \d+ bytes/],
  ])('%s on its output ends the turn and the agent', async (_, line, message) => {
    await using host = await startTestHost();
    await openFake(host);
    const { agentPid } = (await host.event('thread.opened')).data;
    await order(host, 'p1', line, 'hang');
    expect((await host.event('turn.failed')).data).toMatchObject({
      promptId: 'p1',
      code: 'protocol',
      message: expect.stringMatching(message),
    });
    await host.event('thread.exited');
    expect(isAlive(agentPid)).toBe(false);
  });

  it('messages with nothing right in them end neither the turn nor the host', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'malformed', 'say on');
    expect((await host.event('turn.finished')).data.stopReason).toBe('end_turn');
  });

  it('an agent that dies in its turn fails it, and what it left running ends too', async () => {
    await using host = await startTestHost();
    await openFake(host);
    await host.event('thread.opened');
    await order(host, 'p1', 'run sleep 1000 >/dev/null 2>&1 & echo $! > left', 'say last words', 'exit 3');
    expect((await host.event('turn.failed')).data).toMatchObject({ code: 'exited', message: expect.stringContaining('exit code 3') });
    expect((await host.event('thread.exited')).data).toEqual({ exitCode: 3, signal: null });
    const left = Number(readFileSync(join(host.dir, 'left'), 'utf8'));
    await until('what it left running to end', () => !isAlive(left));
    expect(host.events.some(({ kind, data }) => kind === 'update' && JSON.stringify(data).includes('last words'))).toBe(true);
  });

  it('an agent that ignores its end and its signals is killed, and its thread can be opened again', async () => {
    await using host = await startTestHost();
    await openFake(host, { env: { FAKE_AGENT_STUBBORN: '1' } });
    const { agentPid } = (await host.event('thread.opened')).data;
    await host.client.call('close', { threadId: 't' });
    expect(isAlive(agentPid)).toBe(false);
    expect((await host.event('thread.exited')).data.signal).toBe('SIGKILL');
    await openFake(host);
    await host.event('thread.opened', 1);
  });

  it.each(['shutdown', 'SIGTERM', 'SIGHUP'] as const)('%s ends the host and its agents', async (how) => {
    await using host = await startTestHost();
    await openFake(host);
    const { agentPid } = (await host.event('thread.opened')).data;
    if (how === 'shutdown') await host.client.call('shutdown', {});
    else process.kill(host.pid, how);
    await host.exited;
    expect(isAlive(agentPid)).toBe(false);
  });

  it('only its user reaches the socket, and a second host leaves the directory alone', async () => {
    await using host = await startTestHost();
    expect(statSync(host.dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(host.dir, 'host.sock')).mode & 0o777).toBe(0o600);
    const second = spawn(process.execPath, [hostProgram, '--dir', host.dir], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    expect(await new Promise((resolve) => second.once('close', resolve))).toBe(1);
    expect(said).toContain('runs on');
    const client = await connectHost({ dir: host.dir, since: 0, onEvent: () => undefined });
    expect((await client.call('status', {})).pid).toBe(host.pid);
    client.end();
  });
});
