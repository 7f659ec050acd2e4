import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../client/index.ts';
import { openRpcDocument } from '../../rpc/openrpc.ts';
import { errorTable, isFailure, type MethodName, methods } from '../../schemas/index.ts';
import { packageRoot } from '../helpers/package-root.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

const names = Object.keys(methods) as MethodName[];
/** What ends the daemon, or what a connection is, has tests of its own. */
const callable = names.filter((name) => name !== 'daemon.stop' && name !== 'acp.upgrade');
const isRead = (name: MethodName): boolean => methods[name].effect === 'read';

/** What a method answers, as the contract sees it: a result that fits, or the kind of its error. */
async function answerOf(daemon: RealDaemon, name: MethodName, params: Record<string, unknown>): Promise<string> {
  try {
    const result = await daemon.client.call(name, params);
    const checked = methods[name].result.safeParse(result);
    return checked.success ? 'result' : `breaks its schema: ${checked.error.message}`;
  } catch (error) {
    return isFailure(error) ? error.kind : String(error);
  }
}

describe('the contract', () => {
  test('that the daemon describes is the committed one, and has every method', async () => {
    await using daemon = await startRealDaemon();
    const document = await daemon.client.rpc.discover();
    const committed = join(packageRoot, 'schemas', 'openrpc.json');
    if (existsSync(committed)) expect(document).toEqual(JSON.parse(readFileSync(committed, 'utf8')));
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    // That this is valid OpenRPC is tested where it is made.
    expect(document).toEqual(JSON.parse(JSON.stringify(openRpcDocument(version))));
    expect((document.methods as { name: string }[]).map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  test('holds for every method that is called without parameters: a result or a sensible error, never a bug', async () => {
    await using daemon = await startRealDaemon();
    const answers: Record<string, string> = {};
    for (const name of callable) answers[name] = await answerOf(daemon, name, {});
    for (const [name, answer] of Object.entries(answers)) expect(['result', 'INVALID_PARAMS', 'NOT_FOUND'], name).toContain(answer);
    expect(Object.values(answers).filter((answer) => answer === 'result').length).toBeGreaterThan(10);
    expect(daemon.home.log()).not.toMatch(/by a bug/);
  });

  test('holds for ids of nothing: each method says what there is not', async () => {
    await using daemon = await startRealDaemon();
    const values: Record<string, unknown> = {
      project: 'nothing',
      id: 'nothing',
      worktree: 'nothing',
      terminal: 'nothing',
      artifact: 'nothing',
      command: 'nothing',
      token: 'nothing',
      subscriptionId: 'nothing',
      session: 'nothing',
      branch: 'nothing',
      text: 'x',
      name: 'nothing',
      path: '/nonexistent',
      message: 'x',
      key: 'nothing.here',
      kind: 'other',
      scopes: ['read'],
    };
    for (const name of callable) {
      const own = Object.keys(methods[name].own.shape);
      const params = Object.fromEntries(own.filter((key) => key in values).map((key) => [key, values[key]]));
      const answer = await answerOf(daemon, name, params);
      expect(
        [...Object.keys(errorTable), 'result'].filter((kind) => kind !== 'INTERNAL'),
        name,
      ).toContain(answer);
    }
    expect(daemon.home.log()).not.toMatch(/by a bug/);
  });

  test('is what every read answers, with things to read', async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon({
      config: '[quality_gates.audit]\nmembers = ["shell"]\n[models.opus]\nprovider = "anthropic"\nmodel = "claude-opus-4-1"\n',
      commands: {
        build: commandFile('build', {
          description: 'Builds.',
          steps: [shell('echo hello; echo x > $COPPICE_ARTIFACTS/x 2>/dev/null || true')],
        }),
        live: commandFile('live', { steps: [shell('exec sleep 600')] }),
      },
    });
    const { client } = daemon;
    const session = await daemon.start(repo.path, 'build');
    await daemon.ended(session.id);
    const live = await daemon.start(repo.path, 'live');
    const project = session.projectId;
    const worktree = await client.worktree.create({ project, branch: 'topic' });
    await client.auth.createToken({ name: 'one', scopes: ['read'], expiresAt: '2035-01-01T00:00:00.000Z' });
    const schedule = await client.schedule.create({ project, command: 'build', cron: '0 3 * * *' });
    const group = await client.group.start({ project, members: [{ command: 'build' }] });
    await client.session.setData({ id: live.id, key: 'shared', value: 1 });
    const task = await pendingTask(client, project);
    const known: Record<string, unknown> = {
      project,
      id: session.id,
      worktree: worktree.id,
      command: 'build',
      session: session.id,
      subscriptionId: 'x',
      text: '# A plan',
      specTask: task.id,
    };
    const without: string[] = [];
    for (const name of callable.filter(isRead)) {
      const params = Object.fromEntries(Object.entries(known).filter(([key]) => key in methods[name].own.shape));
      const noun = name.split('.')[0];
      if (noun === 'worktree' && 'id' in params) params.id = worktree.id;
      if (noun === 'schedule' && 'id' in params) params.id = schedule.id;
      if (noun === 'group' && 'id' in params) params.id = group.id;
      if (noun === 'gate' && 'name' in methods[name].own.shape) params.name = 'audit';
      if (noun === 'agent' && 'name' in methods[name].own.shape) params.name = 'claude';
      if (noun === 'model' && 'name' in methods[name].own.shape) params.name = 'opus';
      if (noun === 'specTask' && 'id' in params) params.id = task.id;
      if (noun === 'workSession' && 'id' in params) params.id = task.workSessionId;
      if (noun === 'implTask' && 'id' in params) params.id = task.implTaskId;
      if (noun === 'attention' && 'id' in params) params.id = task.attentionId;
      if (noun === 'sharedState' && name !== 'sharedState.list') params.key = 'shared';
      if (name === 'config.explain') params.key = 'sessions.timeout';
      if (name === 'session.getData') Object.assign(params, { id: live.id, key: 'shared' });
      const answer = await answerOf(daemon, name, params);
      if (answer !== 'result') without.push(`${name}: ${answer}`);
    }
    // Those need a terminal, an agent, an artifact or a subscription, which this daemon has none of, or their own kind of parameters.
    expect(without.filter((line) => !/: (INVALID_PARAMS|NOT_FOUND|PRECONDITION)$/.test(line))).toEqual([]);
    expect(without.length, without.join('\n')).toBeLessThan(15);
    await client.session.cancel({ id: live.id });
    await daemon.ended(live.id);
    expect(daemon.home.log()).not.toMatch(/by a bug/);
  });
});

/** A spec task whose one item waits for somebody to start it, so no agent is needed. */
async function pendingTask(client: Client, project: string) {
  const { id } = await client.specTask.create({ project, prompt: 'Do it' });
  const { number } = await client.specTask.submitSpecs({ id, plan: '## Task 1: Do it' });
  await client.sharedState.set({ specTask: id, key: 'shared', value: 1 });
  const [attention] = (await client.attention.list({ specTask: id })).attention;
  await client.specTask.approve({ id, revision: number });
  await client.specTask.startImplementation({ id, autoStart: false });
  const [workSession] = (await client.workSession.list({ specTask: id })).workSessions;
  return { id, workSessionId: workSession?.id, implTaskId: workSession?.implTaskId, attentionId: attention?.id };
}

describe('every list', () => {
  // Shared data belongs together; events have positions instead of pages.
  const whole: readonly string[] = ['session.listData', 'event.list'];
  const lists = names.filter((name) => /\.list([A-Z]\w*)?$/.test(name) && !whole.includes(name));

  test('takes a limit of 200 and a cursor, and no more', async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon({ commands: { nothing: commandFile('nothing', { steps: [shell('true')] }) } });
    const { id: session, projectId } = await daemon.start(repo.path, 'nothing');
    await daemon.ended(session);
    const { id: specTask, workSessionId } = await pendingTask(daemon.client, projectId);
    for (const name of lists) {
      const own = Object.keys(methods[name].own.shape);
      expect(own, name).toEqual(expect.arrayContaining(['limit', 'cursor']));
      const id = name.startsWith('workSession.') ? workSessionId : session;
      const needed = [{}, { session }, { id }, { specTask }, { project: repo.path }].find(
        (params) => methods[name].own.safeParse(params).success,
      );
      expect(await answerOf(daemon, name, { ...needed, limit: 200 }), name).toBe('result');
      for (const limit of [0, 201, 1.5, '5'])
        expect(await answerOf(daemon, name, { ...needed, limit }), `${name} ${limit}`).toBe('INVALID_PARAMS');
      for (const cursor of ['', 'x', '~', "'; DROP TABLE sessions; --", 'ÿ'.repeat(50)]) {
        expect(['result', 'INVALID_PARAMS'], `${name} ${cursor}`).toContain(await answerOf(daemon, name, { ...needed, cursor }));
      }
    }
  });

  test('read page by page has every entry once', async () => {
    await using daemon = await startRealDaemon();
    const { client } = daemon;
    for (let count = 0; count < 7; count += 1) await client.auth.createToken({ name: `token ${count}`, scopes: ['read'] });
    const repos = [];
    try {
      for (let count = 0; count < 5; count += 1) {
        const repo = await createTestRepo({ name: `repo-${count}` });
        repos.push(repo);
        await client.project.add({ path: repo.path });
      }
      const read = async (name: MethodName, field: string, limit: number): Promise<string[]> => {
        const ids: string[] = [];
        for (let cursor: string | undefined; ; ) {
          const page = (await client.call(name, { limit, ...(cursor === undefined ? {} : { cursor }) })) as Record<string, unknown>;
          const entries = page[field] as { id: string }[];
          expect(entries.length).toBeLessThanOrEqual(limit);
          ids.push(...entries.map(({ id }) => id));
          cursor = page.nextCursor as string | undefined;
          if (cursor === undefined) return ids;
        }
      };
      for (const [name, field, count] of [
        ['auth.listTokens', 'tokens', 7],
        ['project.list', 'projects', 5],
      ] as const) {
        const whole = await read(name, field, 200);
        expect(whole).toHaveLength(count);
        for (const limit of [1, 2, count - 1, count]) expect(await read(name, field, limit), `${name} ${limit}`).toEqual(whole);
      }
    } finally {
      for (const repo of repos) await repo[Symbol.asyncDispose]();
    }
  });
});
