// Real agents against a model on loopback: what they do is proved by the worktree, never by what they say.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ModelStub, startModelStub } from '../helpers/model-stub.ts';
import { programOf, realAgentsMissing, setUpAgentHome } from '../helpers/real-agents.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { script } from '../helpers/spec-task-setup.ts';
import { deadlineMs } from '../helpers/until.ts';

const headless = {
  claude: (prompt: string) => [
    ...['-p', prompt, '--output-format', 'stream-json', '--verbose'],
    ...['--permission-mode', 'acceptEdits', '--allowedTools', 'Bash Write'],
  ],
  codex: (prompt: string) => ['exec', '--json', '--skip-git-repo-check', '--sandbox', 'danger-full-access', prompt],
};

interface Scene extends AsyncDisposable {
  readonly model: ModelStub;
  readonly repo: TestRepo;
  readonly worktree: string;
  /** One process a prompt; answers its exit status and what it said. */
  turn(agent: keyof typeof headless, lines: readonly string[]): Promise<{ status: number; output: string }>;
}

async function setUp(): Promise<Scene> {
  const model = await startModelStub();
  const repo = await createTestRepo();
  const worktree = repo.beside('worktree');
  await repo.git('worktree', 'add', '--quiet', '-b', 'task/one', worktree);
  const env = setUpAgentHome({ home: repo.beside('agent'), model: model.url, trusted: [worktree, repo.path] });
  return {
    ...{ model, repo, worktree },
    turn: (agent, lines) =>
      new Promise((resolve) => {
        const options = { cwd: worktree, env, timeout: deadlineMs, killSignal: 'SIGKILL' as const };
        const args = headless[agent](`Please do this.\n\n${script(lines)}`);
        const child = execFile(programOf(agent), args, options, (error, stdout, stderr) => {
          resolve({ status: error ? Number(error.code ?? -1) : 0, output: stdout + stderr });
        });
        // An agent that finds a pipe there waits for more of its prompt.
        child.stdin?.end();
      }),
    async [Symbol.asyncDispose]() {
      await repo[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(realAgentsMissing())('without a screen', () => {
  test.each(['claude', 'codex'] as const)('%s does a whole turn: it writes, runs and commits in its worktree', async (agent) => {
    await using scene = await setUp();
    const { worktree, repo, model } = scene;
    const before = await repo.fingerprint();
    const ran = await scene.turn(agent, [
      'write made.txt by a real agent',
      'run tr a-z A-Z < made.txt > loud.txt',
      'commit Made by an agent',
    ]);
    expect(model.problems, ran.output).toEqual([]);
    expect(ran.status, ran.output).toBe(0);
    expect(readFileSync(join(worktree, 'made.txt'), 'utf8')).toBe('by a real agent\n');
    expect(readFileSync(join(worktree, 'loud.txt'), 'utf8')).toBe('BY A REAL AGENT\n');
    expect(await repo.gitIn(worktree, 'log', '-1', '--format=%s by %an')).toBe('Made by an agent by Agent');
    expect(await repo.gitIn(worktree, 'status', '--porcelain')).toBe('');
    expect(await repo.fingerprint()).toBe(before);
  });

  test.each(['claude', 'codex'] as const)('%s ends with an error when its provider fails', async (agent) => {
    await using scene = await setUp();
    const { status, output } = await scene.turn(agent, ['fail 500', 'write made.txt never']);
    expect(status, output).not.toBe(0);
    expect(await scene.repo.gitIn(scene.worktree, 'status', '--porcelain')).toBe('');
  });
});
