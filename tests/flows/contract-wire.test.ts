import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Listener, makeEvents } from '../helpers/event-flow.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { openRaw, type RawSocket } from '../helpers/raw-socket.ts';
import { cliProgram, createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { connectRaw } from '../helpers/rpc-ends.ts';
import { until } from '../helpers/until.ts';

const lines = (...messages: unknown[]): string => messages.map((message) => `${JSON.stringify(message)}\n`).join('');
const call = (id: unknown, method: string, params?: unknown) => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
});

describe('both framings', () => {
  test('are spoken on one socket, each answered in its own, with null for no parameters', async () => {
    await using daemon = await startRealDaemon();
    const [plain, lsp] = await Promise.all([false, true].map((headers) => connectRaw(daemon.home.socketPath, headers)));
    for (const end of [plain, lsp]) {
      end?.send(JSON.stringify(call('é\u2028', 'daemon.ping', null)));
      expect(await end?.next()).toEqual({ jsonrpc: '2.0', id: 'é\u2028', result: { pid: daemon.pid } });
      end?.send(JSON.stringify(call(null, 'daemon.ping')));
      expect(await end?.next()).toMatchObject({ id: null, result: { pid: daemon.pid } });
      end?.send(JSON.stringify(call(1.5, 'daemon.ping', [])));
      expect(await end?.next()).toMatchObject({ id: 1.5, error: { data: { kind: 'INVALID_PARAMS' } } });
    }
    // In headers framing one knows where the next message begins, whatever this one is.
    lsp?.send('{not json');
    expect(await lsp?.next()).toMatchObject({ id: null, error: { code: -32700 } });
    lsp?.send(JSON.stringify(call(2, 'daemon.ping')));
    expect(await lsp?.next()).toMatchObject({ id: 2 });
    for (const end of [plain, lsp]) end?.close();
  });

  test('bring events, and a header block as LSP clients send it', async () => {
    await using daemon = await startRealDaemon();
    const lsp = await connectRaw(daemon.home.socketPath, true);
    lsp.send(JSON.stringify(call(1, 'event.subscribe', { types: ['auth.*'] })));
    const { result } = (await lsp.next()) as { result: { subscriptionId: string } };
    await makeEvents(daemon.client, 2);
    expect(await lsp.next()).toMatchObject({ method: 'event', params: { subscriptionId: result.subscriptionId } });
    lsp.close();
    await using raw = await openRaw(daemon.home.socketPath);
    const body = JSON.stringify(call('ü', 'daemon.ping'));
    raw.write(`Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await until('an answer', () => raw.text().endsWith('}}'));
    expect(raw.text()).toMatch(/^Content-Length: \d+\r\n\r\n\{.*"id":"ü"/);
  });
});

describe('JSON-RPC', () => {
  test('batches are answered together, notifications not at all', async () => {
    await using daemon = await startRealDaemon();
    await using raw = await openRaw(daemon.home.socketPath);
    const exchange = async (message: unknown): Promise<unknown> => {
      const before = raw.messages().length;
      raw.write(lines(message));
      return (await raw.takes(before + 1))[before];
    };
    const notification = { jsonrpc: '2.0', method: 'daemon.ping' };
    expect(await exchange([call(1, 'daemon.ping')])).toMatchObject([{ id: 1 }]);
    const mixed = (await exchange([call('a', 'daemon.ping'), notification, call('b', 'no.such'), 1, call('c', 'daemon.status')])) as {
      id: unknown;
    }[];
    expect(mixed.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', null].sort());
    expect(await exchange([])).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await exchange(Array.from({ length: 101 }, (_, id) => call(id, 'daemon.ping')))).toMatchObject({ error: { code: 4290 } });
    expect(await exchange(Array.from({ length: 100 }, (_, id) => call(id, 'daemon.ping')))).toHaveLength(100);
    raw.write(
      lines(notification, [notification, notification], {
        jsonrpc: '2.0',
        method: 'auth.createToken',
        params: { name: 'by notification', scopes: ['read'] },
      }),
    );
    expect(await exchange(call('last', 'daemon.ping'))).toMatchObject({ id: 'last' });
    // A notification runs, and nobody is told.
    await until('its effect', async () => (await daemon.client.auth.listTokens()).tokens.length === 1);
  });

  test('a wrong call says what was meant, and where each parameter is wrong', async () => {
    await using daemon = await startRealDaemon();
    const { client } = daemon;
    await expect(client.call('sesion.list')).rejects.toMatchObject({
      kind: 'METHOD_NOT_FOUND',
      details: { suggestions: expect.arrayContaining(['session.list']) },
    });
    await expect(client.call('session.list', { limt: 3, status: ['sleeping'] })).rejects.toMatchObject({
      kind: 'INVALID_PARAMS',
      details: {
        issues: expect.arrayContaining([
          expect.objectContaining({ path: ['limt'], suggestions: ['limit'] }),
          expect.objectContaining({ path: ['status', 0] }),
        ]),
      },
    });
  });

  test('one line through nc, and its answer comes although nc has ended its side', async () => {
    await using daemon = await startRealDaemon();
    const nc = spawnSync('nc', ['-NU', daemon.home.socketPath], {
      input: lines(call(1, 'daemon.ping'), call(2, 'daemon.doctor')),
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(nc.status).toBe(0);
    const answers = nc.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: unknown });
    expect(answers.map(({ id, error }) => [id, error])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    await until('the connection to be gone', async () => (await daemon.client.daemon.status()).counts.connections === 1);
  });

  test('a slow read can be cancelled, once, and a mutation says how it ended', async () => {
    await using daemon = await startRealDaemon();
    await makeEvents(daemon.client, 40_000);
    await using raw = await openRaw(daemon.home.socketPath);
    const cancel = { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'slow' } };
    raw.write(lines(call('slow', 'event.list', { types: ['session.never'] }), cancel, cancel, call('after', 'daemon.ping')));
    const answers = (await raw.takes(2)) as { id: string; error?: { data: { kind: string } } }[];
    expect(answers.find(({ id }) => id === 'slow')?.error?.data.kind).toBe('CANCELLED');
    const token = call('write', 'auth.createToken', { name: 'cancelled', scopes: ['read'] });
    raw.write(lines(token, { ...cancel, params: { id: 'write' } }, { ...cancel, params: { id: 'unknown' } }, { ...cancel, params: null }));
    const outcome = ((await raw.takes(3)) as { id: string; result?: object }[])[2];
    const exists = (await daemon.client.auth.listTokens()).tokens.some(({ name }) => name === 'cancelled');
    expect(outcome).toMatchObject({ id: 'write' });
    expect(outcome?.result !== undefined).toBe(exists);
    expect(daemon.home.log()).not.toMatch(/by a bug/);
  });
});

describe('the stdio relay', () => {
  test('carries calls, answers and events, and ends with its input', async () => {
    await using daemon = await startRealDaemon();
    const child = spawn(process.execPath, [cliProgram, 'stdio'], { env: daemon.home.env(), stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.stdin.write(lines(call(1, 'daemon.hello', { protocolVersion: 1 }), call(2, 'event.subscribe')));
    await until('both answers', () => text.split('\n').length === 3);
    await makeEvents(daemon.client, 2);
    await until('the events', () => text.includes('auth.tokenRevoked'));
    child.stdin.end(lines(call(3, 'daemon.ping')));
    expect(await exit).toBe(0);
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toEqual({ jsonrpc: '2.0', id: 3, result: { pid: daemon.pid } });
  });

  test('carries headers framing too, and says in a line and exit code 69 that no daemon is there', async () => {
    await using daemon = await startRealDaemon();
    const body = JSON.stringify(call(1, 'daemon.ping'));
    const relayed = spawnSync(process.execPath, [cliProgram, 'stdio'], {
      env: daemon.home.env(),
      input: `Content-Length: ${body.length}\r\n\r\n${body}`,
      encoding: 'utf8',
    });
    expect([relayed.status, relayed.stdout]).toEqual([
      0,
      expect.stringMatching(/^Content-Length: \d+\r\n\r\n\{"jsonrpc":"2.0","id":1,"result":/),
    ]);
    await daemon.stop();
    const alone = spawnSync(process.execPath, [cliProgram, 'stdio'], { env: daemon.home.env(), input: '', encoding: 'utf8' });
    expect(alone.status).toBe(69);
    expect(alone.stdout).toBe('');
    expect(alone.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('a daemon that stops', () => {
  test('finishes the calls in flight, refuses new ones with SHUTTING_DOWN, and still says who it is', async () => {
    await using home = createHome();
    const signals = createSignals(home);
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon({
      home,
      config: '[daemon]\ndrain_ms = 10000\n',
      commands: { live: commandFile('live', { steps: [shell('exec sleep 600')] }) },
    });
    const project = await daemon.client.project.add({ path: repo.path });
    // A hook that waits keeps one mutation in flight for as long as this test likes.
    await repo.hook('post-checkout', `${signals.tell('checkout')}; ${signals.waitFor('go')}`);
    await using raw = await openRaw(home.socketPath);
    await using listener = await Listener.to(home.socketPath);
    const received = await listener.subscribe({ types: ['daemon.*', 'worktree.*'] });
    raw.write(lines(call('create', 'worktree.create', { project: project.id, branch: 'topic' })));
    await signals.lines('checkout');
    await daemon.client.daemon.stop({ reason: 'a test' });
    await until('the stop to be told', () => received.events.some(({ type }) => type === 'daemon.stopping'));
    raw.write(
      lines(
        call('list', 'session.list'),
        call('token', 'auth.createToken', { name: 'late', scopes: ['read'] }),
        call('ping', 'daemon.ping'),
        call('status', 'daemon.status'),
        call('stop', 'daemon.stop'),
      ),
    );
    const early = await byId(raw, 5);
    for (const id of ['list', 'token'])
      expect(early.get(id)).toMatchObject({ error: { code: 5030, data: { kind: 'SHUTTING_DOWN', retryable: true } } });
    expect(early.get('ping')).toMatchObject({ result: { pid: daemon.pid } });
    expect(early.get('status')).toMatchObject({ result: { stopping: true } });
    expect(early.get('stop')).toMatchObject({ result: {} });
    signals.open('go');
    expect((await byId(raw, 6)).get('create')).toMatchObject({ result: { branch: 'topic' } });
    await raw.closed;
    expect((await daemon.gone()).exitCode).toBe(0);
    await daemon.again();
    expect((await daemon.client.worktree.list()).worktrees).toHaveLength(1);
    expect(home.log()).not.toMatch(/"level":"(error|fatal)"/);
  });

  test('in the middle of replays ends in order', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    await makeEvents(client, 30_000);
    await using listener = await Listener.to(home.socketPath);
    for (let count = 0; count < 32; count += 1) await listener.subscribe({ after: client.hello.cursor, types: ['session.never'] });
    for (let count = 0; count < 20; count += 1) void listener.peer.call('event.list', { types: ['session.never'] }).catch(() => undefined);
    expect((await daemon.stop()).exitCode).toBe(0);
    expect(home.log()).not.toMatch(/"level":"(error|fatal)"/);
  });
});

async function byId(raw: RawSocket, count: number): Promise<Map<unknown, unknown>> {
  return new Map(((await raw.takes(count)) as { id: unknown }[]).map((answer) => [answer.id, answer]));
}
