// A program that the daemon needs goes away while it runs, and comes back: what needs it is refused by its name, the rest goes on.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandFile, pathWithout, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { fakeAgent, setUpSpecTasks } from '../helpers/spec-task-setup.ts';
import { createTempDir } from '../helpers/temp-dir.ts';

vi.setConfig({ testTimeout: 120_000 });

const commands = {
  plain: commandFile('plain', { steps: [shell('true')] }),
  terminal: commandFile('terminal', { session: {}, steps: [shell('true')] }),
  worktree: commandFile('worktree', { worktree: { branch: 'made' }, steps: [shell('true')] }),
};

test.each(['tmux', 'git'])('%s that goes away is named, and needed again when it is back', async (tool) => {
  await using repo = await createTestRepo();
  await using home = createHome();
  using dir = createTempDir();
  const bin = pathWithout(dir.path, 'nothing-at-all');
  await using daemon = await startRealDaemon({ home, commands, env: { PATH: bin } });
  const { client, pid } = daemon;
  const project = (await client.project.add({ path: repo.path })).id;
  const needs = tool === 'tmux' ? 'terminal' : 'worktree';
  const run = async (command: string) => {
    const started = await client.session.start({ project, command, environment: home.env() }).catch((error: unknown) => error);
    return 'id' in (started as object) ? daemon.ended((started as { id: string }).id) : (started as Error);
  };
  for (const command of Object.keys(commands)) expect([command, await run(command)]).toMatchObject([command, { status: 'succeeded' }]);

  if (tool === 'tmux') await daemon.tmux('kill-server');
  renameSync(join(bin, tool), join(bin, `${tool}.away`));
  const refused = await run(needs);
  expect(refused instanceof Error ? refused.message : refused.error).toMatch(
    new RegExp(`${tool}.*(not installed|is missing|not found)`, 'i'),
  );
  expect(await run('plain')).toMatchObject({ status: 'succeeded' });
  expect((await client.daemon.ping()).pid).toBe(pid);

  renameSync(join(bin, `${tool}.away`), join(bin, tool));
  for (const command of Object.keys(commands)) expect([command, await run(command)]).toMatchObject([command, { status: 'succeeded' }]);
  expect(home.log()).not.toMatch(/"level":"fatal"|by a bug/);
});

test('an agent that is not installed fails its work session by name, and a retry finds it when it is there', async () => {
  using dir = createTempDir();
  const program = dir.at('late-agent');
  await using setup = await setUpSpecTasks({ config: '' });
  const { daemon } = setup;
  daemon.home.writeConfig(
    `${readFileSync(daemon.home.configPath, 'utf8')}\n[agents.late]\nprotocol = "acp"\ncommand = [${JSON.stringify(program)}]\n`,
  );
  await daemon.client.config.reload();
  const { id } = await setup.approved([{ title: 'Add it', does: ['write new.txt new', 'commit Add it'] }], {
    implementationAgents: ['late'],
  });
  await daemon.client.specTask.startImplementation({ id });

  await setup.reached(id, 'implementation_failed');
  const failed = [...(await setup.workSessions(id)).values()][0];
  expect(failed?.lastError).toContain('late-agent');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${fakeAgent}\n`, { mode: 0o755 });
  await daemon.client.specTask.retry({ id });
  await setup.reached(id, 'implementation_review');
});
