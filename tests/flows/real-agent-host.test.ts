// Real agents over the Agent Client Protocol, in the real host: what they are allowed happens in the worktree, what they are not does not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostEvent } from '../../daemon/agents/host/protocol.ts';
import { withCodexRoots } from '../../daemon/instances/codex-roots.ts';
import { gitDirsOf } from '../../daemon/tools/git/git-files.ts';
import { startTestHost, type TestHost } from '../helpers/agent-host.ts';
import { type ModelStub, startModelStub } from '../helpers/model-stub.ts';
import { isAlive } from '../helpers/processes.ts';
import { programOf, type RealAgent, realAgentsMissing, setUpAgentHome } from '../helpers/real-agents.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { script } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';

type Agent = Extract<RealAgent, 'claude-agent-acp' | 'codex-acp'>;

interface Scene extends AsyncDisposable {
  readonly host: TestHost;
  readonly repo: TestRepo;
  readonly model: ModelStub;
  readonly worktree: string;
  open(generation: number, externalId?: string): Promise<Extract<HostEvent, { kind: 'thread.opened' }>>;
  prompt(promptId: string, lines: readonly string[]): Promise<unknown>;
  /** Chooses the option of a kind for all that it asks from now on, until a turn ends. */
  turnAnswering(promptId: string, kind: 'allow_once' | 'reject_once'): Promise<{ asked: string[]; end: HostEvent }>;
}

/** An agent that asks before it does something, in a linked worktree as the daemon would start it. */
async function setUp(agent: Agent): Promise<Scene> {
  const model = await startModelStub();
  const repo = await createTestRepo();
  const worktree = repo.beside('worktree');
  await repo.git('worktree', 'add', '--quiet', '-b', 'task/one', worktree);
  const argv = [programOf(agent)];
  const home = setUpAgentHome({ home: repo.beside('agent'), model: model.url, trusted: [worktree, repo.path] });
  const env = { ...withCodexRoots(argv, { ...home, INITIAL_AGENT_MODE: 'workspace-write' }, await gitDirsOf(worktree)) };
  const host = await startTestHost();
  const threadId = 'thread';
  let openings = 0;
  return {
    ...{ host, repo, model, worktree },
    async open(generation, externalId) {
      await host.client.call('open', {
        threadId,
        generation,
        argv,
        cwd: worktree,
        env,
        ...(externalId === undefined ? {} : { externalId }),
      });
      openings += 1;
      return host.event('thread.opened', openings - 1);
    },
    prompt: (promptId, lines) => host.client.call('prompt', { threadId, promptId, content: `Please do this.\n\n${script(lines)}` }),
    async turnAnswering(promptId, kind) {
      const asked: string[] = [];
      const answered = new Set<string>();
      const end = await until(`the turn ${promptId} to end`, async () => {
        for (const event of host.events) {
          if (event.kind !== 'permission.requested' || answered.has(event.data.requestKey)) continue;
          const { requestKey, title, options } = event.data;
          answered.add(requestKey);
          asked.push(title);
          const optionId = options.find((option) => option.kind === kind)?.optionId;
          await host.client.call('permit', { threadId, requestKey, ...(optionId === undefined ? {} : { optionId }) });
        }
        return host.events.find(
          (event) => (event.kind === 'turn.finished' || event.kind === 'turn.failed') && event.data.promptId === promptId,
        );
      });
      return { asked, end };
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

/** What the agent asks about: Claude Code about each command, Codex about what has to leave its sandbox. */
const asking: Readonly<Record<Agent, (command: string) => string>> = {
  'claude-agent-acp': (command) => `run ${command}`,
  'codex-acp': (command) => `escalate ${command}`,
};

describe.skipIf(realAgentsMissing()).each(['claude-agent-acp', 'codex-acp'] as const)('%s in the agent host', (agent) => {
  test('asks, is allowed, and commits in its linked worktree', { timeout: 100_000 }, async () => {
    await using scene = await setUp(agent);
    const { repo, worktree, model, host } = scene;
    const before = await repo.fingerprint();
    await scene.open(1);
    await scene.prompt('one', [
      'write made.txt by a real agent',
      asking[agent]('tr a-z A-Z < made.txt > loud.txt'),
      'commit Made by an agent',
    ]);
    const { asked, end } = await scene.turnAnswering('one', 'allow_once');
    expect(end, host.transcript()).toMatchObject({ kind: 'turn.finished', data: { stopReason: 'end_turn', cancelled: false } });
    expect(asked.join('\n')).toContain('tr a-z A-Z < made.txt > loud.txt');
    expect(readFileSync(join(worktree, 'loud.txt'), 'utf8')).toBe('BY A REAL AGENT\n');
    expect(await repo.gitIn(worktree, 'log', '-1', '--format=%s by %an')).toBe('Made by an agent by Agent');
    expect(await repo.gitIn(worktree, 'status', '--porcelain')).toBe('');
    expect(await repo.fingerprint()).toBe(before);
    expect(model.problems).toEqual([]);
  });

  test('is refused, and does not do it', { timeout: 100_000 }, async () => {
    await using scene = await setUp(agent);
    await scene.open(1);
    await scene.prompt('one', [asking[agent]('touch forbidden.txt')]);
    const { asked, end } = await scene.turnAnswering('one', 'reject_once');
    expect(asked).toHaveLength(1);
    expect(end.kind).toMatch(/^turn\.(finished|failed)$/);
    expect(existsSync(join(scene.worktree, 'forbidden.txt'))).toBe(false);
  });

  test('is cancelled while it asks, and the turn ends as cancelled', { timeout: 100_000 }, async () => {
    await using scene = await setUp(agent);
    await scene.open(1);
    await scene.prompt('one', [asking[agent]('touch cancelled.txt')]);
    await scene.host.event('permission.requested');
    await scene.host.client.call('cancel', { threadId: 'thread' });
    expect((await scene.host.event('permission.settled')).data.how).toBe('withdrawn');
    expect((await scene.host.event('turn.finished')).data).toMatchObject({ cancelled: true, stopReason: 'cancelled' });
    expect(existsSync(join(scene.worktree, 'cancelled.txt'))).toBe(false);
  });

  test('ends with its thread, and goes on in the same conversation when it is opened again', { timeout: 100_000 }, async () => {
    await using scene = await setUp(agent);
    const first = await scene.open(1);
    await scene.prompt('one', ['write first.txt one']);
    await scene.turnAnswering('one', 'allow_once');
    await scene.host.client.call('close', { threadId: 'thread' });
    await scene.host.event('thread.exited');
    expect(isAlive(first.data.agentPid)).toBe(false);
    const second = await scene.open(2, first.data.externalId);
    expect(second.data).toMatchObject({ externalId: first.data.externalId, generation: 2 });
    expect(['resume', 'load']).toContain(second.data.how);
    await scene.prompt('two', ['write second.txt two', 'commit Both']);
    const { end } = await scene.turnAnswering('two', 'allow_once');
    expect(end).toMatchObject({ kind: 'turn.finished', data: { stopReason: 'end_turn' } });
    expect(await scene.repo.gitIn(scene.worktree, 'show', '--format=', '--name-only', 'HEAD')).toBe('first.txt\nsecond.txt');
    expect(scene.host.events.filter(({ kind }) => kind === 'turn.started')).toHaveLength(2);
  });
});
