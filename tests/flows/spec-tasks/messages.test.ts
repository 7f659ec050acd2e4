// Work sessions that talk: from inside, by the CLI and with the token of their session, through the real daemon and its agents.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { cliProgram } from '../../helpers/real-daemon.ts';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 150_000 });

const cli = `${process.execPath} ${cliProgram}`;

test('one that asks and waits is blocked, gets the answer as its next turn, and only then completes', async () => {
  await using setup = await setUpSpecTasks();
  const { client, home } = setup.daemon;
  const gate = home.path('gate');
  const answer = `id=$(${cli} message inbox --json | sed -E 's/.*"id":"(msg_[0-9a-z]+)".*/\\1/') && ${cli} message send 4711 --reply-to $id`;
  const { id } = await setup.approved(
    [
      { title: 'Client', does: ["coppice message send 'Which port?' --to 2 --type blocking", 'write client.txt c', 'commit Client'] },
      { title: 'Server', does: [`wait ${gate}`, `run ${answer}`, 'write server.txt s', 'commit Server'] },
    ],
    { environment: home.env({ FAKE_AGENT_CLI: cli }) },
  );
  await client.specTask.startImplementation({ id });
  const asking = await setup.workSession(id, '1', ({ blockedReason }) => blockedReason === 'waiting_session');
  const { waits } = await client.coordination.summary({ specTask: id });
  const server = (await setup.workSessions(id)).get('2');
  expect(waits).toMatchObject([{ workSessionId: asking.id, waitsFor: server?.id }]);
  const { messages } = await client.coordination.list({ specTask: id });
  expect(messages).toMatchObject([{ type: 'blocking', senderId: asking.id, body: 'Which port?' }]);

  // The other way round nobody would ever go on.
  const back = client.coordination.send({ from: server?.id ?? '', to: [asking.id], type: 'blocking', body: 'And you?' });
  await expect(back).rejects.toMatchObject({
    kind: 'PRECONDITION',
    details: { reason: 'deadlock', path: [server?.id, asking.id, server?.id] },
  });

  writeFileSync(gate, '');
  await setup.workSession(id, '1', ({ status }) => status === 'completed');
  await setup.workSession(id, '2', ({ status }) => status === 'completed');
  const { prompts } = await client.workSession.listPrompts({ id: asking.id });
  const told = prompts.filter(({ content }) => content.includes('> 4711'));
  expect(told).toHaveLength(1);
  expect(told[0]?.content).toContain('[response]');
  expect((await client.coordination.summary({ specTask: id })).waits).toEqual([]);
  await setup.reached(id, 'implementation_review');
});

test('inside of a work session the CLI shares values of its own task, and speaks for no other', async () => {
  await using setup = await setUpSpecTasks();
  const { client, home } = setup.daemon;
  const other = await setup.approved([{ title: 'Other', does: ['say nothing'] }]);
  const refused = home.path('refused');
  const { id } = await setup.approved(
    [
      {
        title: 'Share',
        does: [
          `coppice state set port '{"http":8080}' --if-version 0`,
          `run ${cli} state set port 1 -t ${other.id} 2> ${refused} || true`,
          'write shared.txt s',
          'commit Share',
        ],
      },
    ],
    { environment: home.env({ FAKE_AGENT_CLI: cli }) },
  );
  await client.specTask.startImplementation({ id });
  const { sessionId } = await setup.workSession(id, '1', ({ status }) => status === 'completed');
  expect(await client.sharedState.get({ specTask: id, key: 'port' })).toMatchObject({
    ...{ value: { http: 8080 }, version: 1, updatedBy: `session:${sessionId}` },
  });
  await expect(client.sharedState.get({ specTask: other.id, key: 'port' })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  expect(readFileSync(refused, 'utf8')).toContain('may speak for its own spec task only');
});
