// The tmux server dies with all terminals, or a shell alone: what ran is told as it ended, and the next terminal has another server.
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const open = commandFile('open', { session: { keep: 'always' }, steps: ['start-session'] });

for (const how of ['killed', 'killed with SIGKILL'] as const) {
  test(`when the tmux server is ${how} its terminals are lost, the running step ends with a true reason, and the daemon goes on`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    const steps = [shell(`${signals.tell('ran', '$$')}; ${signals.waitFor('never')}`), shell(signals.tell('later'))];
    await using daemon = await startRealDaemon({
      home,
      commands: {
        work: commandFile('work', { session: {}, steps, cleanup_on_failure: [shell(signals.tell('cleaned'))] }),
        open,
      },
    });
    const session = await daemon.start(repo.path, 'work');
    const stepPid = Number((await signals.lines('ran'))[0]);

    if (how === 'killed') await daemon.tmux('kill-server');
    else process.kill(Number(await daemon.tmux('display-message', '-p', '#{pid}')), 'SIGKILL');
    const ended = await daemon.ended(session.id);

    expect(isAlive(stepPid)).toBe(false);
    expect(['failed', 'lost']).toContain(ended.status);
    const step = ended.stepRuns.find(({ index }) => index === 1);
    expect([step?.status, step?.reason, step?.signal]).toEqual(['failed', 'signal', 'SIGHUP']);
    expect(signals.has('later')).toBe(false);
    expect(await signals.lines('cleaned')).toEqual(['cleaned']);
    const { terminals } = await daemon.client.terminal.list({ all: true });
    expect(terminals).toMatchObject([{ status: 'lost', reason: 'tmux_session_gone' }]);
    expect(isAlive(daemon.pid)).toBe(true);
    const next = await daemon.ended((await daemon.start(repo.path, 'open')).id);
    expect(next.status).toBe('succeeded');
    expect((await daemon.client.terminal.get({ terminal: next.id })).status).toBe('live');
  });
}

test('a terminal whose shell was killed with the wrapper around it is told as ended, though nobody wrote that down', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { open } });
  const { id } = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  const shown = await daemon.client.terminal.get({ terminal: id });
  const wrapper = Number(await daemon.tmux('list-panes', '-t', `=${shown.name}:`, '-F', '#{pane_pid}'));

  process.kill(wrapper, 'SIGKILL');

  const ended = await until('the terminal to be told as ended', async () => {
    const [terminal] = (await daemon.client.terminal.list({ all: true })).terminals;
    return terminal?.status !== 'live' && terminal;
  });
  expect(ended).toMatchObject({ id: shown.id, status: 'ended', reason: 'shell_exited' });
  expect(await daemon.tmux('list-sessions', '-F', '#{session_name}')).not.toContain(shown.name);
});
