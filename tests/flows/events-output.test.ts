import { expect, test } from 'vitest';
import { Listener, type Received } from '../helpers/event-flow.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const grown = (received: Received) => received.events.filter(({ type }) => type === 'session.outputGrew');

test('growing output is told to those who asked for the output of that session, and to nobody else', async () => {
  await using home = createHome();
  const signals = createSignals(home);
  const chatter = shell(`${signals.tell('pids', '$$')}; while [ ! -e ${signals.path('stop')} ]; do echo line; sleep 0.05; done`);
  await using daemon = await startRealDaemon({ home, commands: { talk: commandFile('talk', { steps: [chatter] }) } });
  await using repo = await createTestRepo();
  const one = await daemon.start(repo.path, 'talk');
  const two = await daemon.start(repo.path, 'talk');
  await until('both to run', async () => (await signals.lines('pids')).length === 2);

  await using listener = await Listener.to(home.socketPath);
  await using other = await Listener.to(home.socketPath);
  const following = await listener.subscribe({ subject: { sessionId: one.id }, output: true });
  const bySubject = await listener.subscribe({ subject: { sessionId: one.id } });
  const byType = await other.subscribe({ types: ['session.outputGrew'] });
  const everything = await other.subscribe({ output: true });
  const another = await other.subscribe({ subject: { sessionId: two.id }, output: true });
  await until('output of both', () => grown(following).length > 5 && grown(another).length > 5);
  expect(grown(following).every(({ seq, subject }) => seq === undefined && subject.sessionId === one.id)).toBe(true);
  expect(grown(another).every(({ seq, subject }) => seq === undefined && subject.sessionId === two.id)).toBe(true);
  expect([bySubject, byType, everything].flatMap(grown)).toEqual([]);
  const sizes = grown(following).map(({ data }) => (data as { size: number }).size);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));

  await listener.unsubscribe(following);
  const got = following.events.length;
  const more = grown(another).length;
  await until('the other to go on', () => grown(another).length > more + 5);
  expect(following.events).toHaveLength(got);
  signals.open('stop');
  await daemon.ended(one.id);
  await daemon.ended(two.id);
});

test('the output of a session that still waits in the queue can be asked for, and of an ended one', async () => {
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`echo begun; ${signals.waitFor('go')}; echo done`)];
  await using daemon = await startRealDaemon({
    home,
    config: '[sessions]\nmax_running = 1\n',
    commands: { one: commandFile('one', { steps }) },
  });
  await using repo = await createTestRepo();
  const first = await daemon.start(repo.path, 'one');
  const second = await daemon.start(repo.path, 'one');
  expect((await daemon.client.session.get({ id: second.id })).status).toBe('queued');
  await using listener = await Listener.to(home.socketPath);
  const queued = await listener.subscribe({ subject: { sessionId: second.id }, output: true });
  signals.open('go');
  await daemon.ended(second.id);
  await until('its output', () => grown(queued).length > 0);
  await listener.subscribe({ subject: { sessionId: first.id }, output: true });
  await expect(listener.subscribe({ subject: { sessionId: `ses_${'0'.repeat(26)}` }, output: true })).rejects.toMatchObject({
    kind: 'NOT_FOUND',
  });
  await daemon.client.session.remove({ id: second.id });
  await listener.peer.call('daemon.ping');
});

test('ephemeral events are shed for a subscriber that does not keep up, and the next notification says how many', async () => {
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('pids', '$$')}; while [ ! -e ${signals.path('stop')} ]; do echo line; sleep 0.01; done`)];
  await using daemon = await startRealDaemon({ home, commands: { talk: commandFile('talk', { steps }) } });
  await using repo = await createTestRepo();
  const session = await daemon.start(repo.path, 'talk');
  await signals.lines('pids');
  await using quick = await Listener.to(home.socketPath);
  const quickOne = await quick.subscribe({ subject: { sessionId: session.id }, output: true });
  await using slow = await Listener.to(home.socketPath);
  const slowOne = await slow.subscribe({ subject: { sessionId: session.id }, output: true });
  slow.transport.pause?.();
  // Answers that nobody reads fill the connection, so that it has no room for events.
  for (let call = 0; call < 60; call += 1) void slow.peer.call('rpc.discover').catch(() => undefined);
  const begun = grown(quickOne).length;
  await until('output to be shed', () => grown(quickOne).length > begun + 50);
  slow.transport.resume?.();
  await until('a count of what was shed', () => slowOne.notifications.some(({ shed }) => (shed ?? 0) > 0));
  signals.open('stop');
  await daemon.ended(session.id);
  await until('the end to be told', () => slowOne.events.some(({ type }) => type === 'session.finished'));
});
