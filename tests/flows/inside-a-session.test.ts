// What the token that every session gets opens, asked of each method of the contract: an agent answers none of its own requests with it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import { methods, scopeGrants } from '../../schemas/index.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const beyond = Object.entries(methods)
  .filter(([, { access }]) => !scopeGrants.session.includes(access))
  .map(([name]) => name);

test('with the token of a session nothing that starts, approves or administers is open', async () => {
  expect(beyond).toEqual(
    expect.arrayContaining(['permission.answer', 'specTask.approve', 'session.start', 'auth.createToken', 'daemon.stop']),
  );
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`printf %s "$COPPICE_TOKEN" > ${home.path('token')}; ${signals.tell('there')}; exec sleep 600`)];
  await using daemon = await startRealDaemon({ home, commands: { inside: commandFile('inside', { steps }) } });
  const { id } = await daemon.start(repo.path, 'inside');
  await signals.lines('there');
  const token = await until('the token', () => readFileSync(home.path('token'), 'utf8'));

  await using agent = await connect({ socketPath: home.socketPath, env: home.env(), token });
  expect(agent.hello.scopes).toEqual(['session']);
  for (const method of beyond) await expect(agent.call(method, {}), method).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  expect(await agent.session.get({ id })).toMatchObject({ status: 'running' });
  await daemon.client.session.cancel({ id });
  await daemon.ended(id);
});
