// Agents in their own terminals: typed to, and heard by their hooks.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../helpers/package-root.ts';
import { isAlive } from '../../helpers/processes.ts';
import { type SpecTaskSetup, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { createTempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

/** The program is called as it is, since the name of a program says what hooks it has. */
function program(dir: TempDir, name: string): string {
  const agent = join(packageRoot, 'tests', 'helpers', 'terminal-agent.mjs');
  writeFileSync(dir.at(name), `#!/bin/sh\nexec node '${agent}' "$@"\n`, { mode: 0o755 });
  return dir.at(name);
}

async function setUp(dir: TempDir, name: string): Promise<SpecTaskSetup> {
  const run = `[agents.term]\nprotocol = "tui"\ncommand = ["${program(dir, name)}"]\n`;
  return setUpSpecTasks({ config: run });
}

test('an agent with hooks takes each prompt once, and its work is merged', { timeout: 90_000 }, async () => {
  using dir = createTempDir();
  await using setup = await setUp(dir, 'claude');
  const { client } = setup.daemon;
  const log = dir.at('prompts.log');
  const approved = await setup.approved([{ title: 'Add it', does: ['write new.txt new', 'commit Add it'] }], {
    adapter: 'tmux',
    implementationAgents: ['term'],
    environment: setup.daemon.home.env({ TERMINAL_AGENT_LOG: log }),
  });
  await client.specTask.startImplementation({ id: approved.id });
  await setup.reached(approved.id, 'implementation_review');
  const { workSessions } = await client.workSession.list({ specTask: approved.id });
  const { prompts } = await client.workSession.listPrompts({ id: workSessions[0]?.id ?? '' });
  expect(prompts.map(({ status }) => status)).toEqual(['accepted']);
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('a turn in a terminal goes on over the death of the daemon', { timeout: 90_000 }, async () => {
  using dir = createTempDir();
  await using setup = await setUp(dir, 'claude');
  const { client } = setup.daemon;
  const [log, gate] = [dir.at('prompts.log'), dir.at('go')];
  const approved = await setup.approved([{ title: 'Add it', does: [`wait ${gate}`, 'write new.txt new', 'commit Add it'] }], {
    adapter: 'tmux',
    implementationAgents: ['term'],
    environment: setup.daemon.home.env({ TERMINAL_AGENT_LOG: log }),
  });
  await client.specTask.startImplementation({ id: approved.id });
  await until('the prompt to be taken', () => existsSync(log));
  await setup.daemon.kill();
  writeFileSync(gate, '');
  await setup.daemon.again();
  await setup.reached(approved.id, 'implementation_review');
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('the turn of an agent without hooks ends when its work session says that it is done', { timeout: 90_000 }, async () => {
  using dir = createTempDir();
  await using setup = await setUp(dir, 'plain');
  const { client } = setup.daemon;
  const approved = await setup.approved([{ title: 'Add it', does: ['write new.txt new', 'commit Add it'] }], {
    adapter: 'tmux',
    implementationAgents: ['term'],
  });
  await client.specTask.startImplementation({ id: approved.id });
  const one = await setup.workSession(approved.id, '1', ({ agentState }) => agentState?.state === 'working');
  await until('its commit', () => existsSync(join(one.worktreePath ?? '', 'new.txt')));
  expect((await client.workSession.get({ id: one.id })).stage).toBe('running');
  await client.workSession.complete({ id: one.id, summary: 'Added' });
  await setup.reached(approved.id, 'implementation_review');
});

test('an agent that is cancelled before it has shown anything takes nobody along, and is begun anew', { timeout: 90_000 }, async () => {
  using dir = createTempDir();
  const [silent, pids] = [dir.at('silent'), dir.at('pids')];
  writeFileSync(silent, `#!/bin/sh\necho $$ >> '${pids}'\nexec sleep 1000\n`, { mode: 0o755 });
  await using setup = await setUpSpecTasks({ config: `[agents.term]\nprotocol = "tui"\ncommand = ["${silent}"]\n` });
  const { client, pid } = setup.daemon;
  const begun = (): number[] => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : []);
  const approved = await setup.approved([{ title: 'Add it', does: [] }], { adapter: 'tmux', implementationAgents: ['term'] });
  await client.specTask.startImplementation({ id: approved.id });
  await until('the agent to begin', () => begun().length === 1);
  const { id } = await setup.workSession(approved.id, '1', ({ status }) => status === 'active');
  await client.workSession.cancel({ id });
  await until('the agent to be gone', () => !isAlive(begun()[0] ?? 0));
  await client.workSession.reopen({ id });
  await until('the agent to begin anew', () => begun().length === 2);
  expect((await client.daemon.status()).daemon.pid).toBe(pid);
});
