// More terminals than one tmux server takes: users and programs find the one they mean, and each end is told.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createManyTerminals } from '../helpers/many-terminals.ts';
import { until } from '../helpers/until.ts';

const onFirst = 64;
const tellSocket = 'echo "$COPPICE_TMUX_SOCKET" > "$told"; exit "$word"';

test('the 65th terminal is on a second tmux server, which outlives the daemon and ends once nothing is on it', async () => {
  await using many = await createManyTerminals({ after: tellSocket });
  const { daemon, home } = many;
  await many.open(onFirst);
  await many.open(1);
  const second = `${home.runDir}/tmux-1.sock`;
  const idOf = async (number: number) => (await daemon.client.terminal.get({ terminal: many.ids[number] as string })).tmuxId;
  expect(await idOf(0)).toMatch(/^\$\d+$/);
  expect(await idOf(onFirst)).toMatch(/^\$\d+\.1$/);
  expect(home.tmuxSocketPaths().sort()).toEqual([second, home.tmuxSocketPath]);
  await expect(daemon.client.terminal.adopt({ socketPath: second, session: '$1' })).rejects.toMatchObject({
    kind: 'PRECONDITION',
    details: { reason: 'own_tmux' },
  });

  await daemon.kill('SIGKILL');
  await daemon.again();
  const terminal = many.ids[onFirst] as string;
  const { argv } = await daemon.client.terminal.attach({ terminal });
  expect(argv).toContain(second);
  const { windows } = await daemon.client.terminal.get({ terminal });
  expect(windows.map(({ name }) => name)).toEqual(['shell', 'wait']);
  for (const { windowId, paneId } of windows) expect(`${windowId} ${paneId}`).toMatch(/^@\d+\.1 %\d+\.1$/);
  many.say(onFirst, '7');
  many.say(0, '8');
  const [last, first] = [await daemon.ended(terminal), await daemon.ended(many.ids[0] as string)];
  const codeOf = ({ stepRuns }: typeof last) => stepRuns.find(({ name }) => name === 'wait')?.exitCode;
  expect([codeOf(last), codeOf(first)]).toEqual([7, 8]);
  expect([many.told(onFirst), many.told(0)]).toEqual([second, home.tmuxSocketPath]);

  await until('the terminal to have ended', async () => (await daemon.client.terminal.get({ terminal })).status === 'ended');
  await daemon.kill('SIGTERM');
  await daemon.again();
  expect(existsSync(second)).toBe(false);
  expect((await daemon.client.terminal.list({ limit: 1 })).terminals).toMatchObject([{ status: 'live' }]);
});
