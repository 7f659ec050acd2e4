// What a daemon that starts makes of prompts that the one before has typed, and what the end of an agent means that was not ready yet.
import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createTerminalHost, type TerminalHostDeps } from '../../../daemon/instances/terminal-host.ts';
import type { StepExit } from '../../../daemon/tools/step-files.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { createTempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const never = (): Promise<never> => new Promise(() => undefined);

/** A terminal that shows something else after each key, and an agent that nothing is heard of but its hooks. */
function terminalIn(dir: TempDir, exit?: StepExit) {
  const clock = createManualClock();
  const typed: string[] = [];
  const deps = {
    ...{ clock, sleep: async () => undefined, watchFile: () => ({ close: () => undefined }) },
    tmux: {
      newWindow: async () => ({ paneId: '%1', windowId: '@1' }),
      killWindow: async () => undefined,
      sendKeys: async () => undefined,
      sendText: async ({ text }: { text: string }) => void typed.push(text),
      capture: async () => String(typed.length),
    },
    stepFiles: {
      writeSpec: async () => undefined,
      inWindow: () => ({ argv: ['wrapper'], logArgv: ['log'] }),
      readExit: async () => exit,
      readPids: async () => undefined,
    },
    exits: { wait: exit === undefined ? never : async () => undefined, waitStarted: never },
    placeOf: () => ({ terminal: { name: 'terminal', tmuxId: '$1' }, runId: 'run' }),
  } as unknown as TerminalHostDeps;
  return {
    ...{ clock, typed },
    start: () => createTerminalHost(deps, dir.path),
    hook: (name: string, more = {}) =>
      appendFileSync(dir.at('thread-1.ndjson'), `${JSON.stringify({ hook_event_name: name, session_id: 'abc', ...more })}\n`),
  };
}

/** The daemon ends after it has typed. */
async function typedByFormer(dir: TempDir) {
  const terminal = terminalIn(dir);
  const first = terminal.start();
  await first.orders.open({ threadId: 'thread', generation: 1, argv: ['claude'], cwd: '/', env: {} });
  first.close();
  terminal.hook('SessionStart');
  const former = terminal.start();
  await former.orders.prompt({ threadId: 'thread', promptId: 'one', content: 'Do it' });
  former.close();
  return terminal;
}

const turnsOf = (host: ReturnType<ReturnType<typeof terminalIn>['start']>) =>
  host.eventsAfter(0).flatMap(({ kind, data }) => (kind.startsWith('turn.') ? [[kind, (data as { promptId: string }).promptId]] : []));

test('a prompt whose hook came while no daemon ran is proven by it, and typed once', async () => {
  using dir = createTempDir();
  const terminal = await typedByFormer(dir);
  terminal.hook('UserPromptSubmit');
  terminal.hook('Stop');
  const host = terminal.start();
  expect(await host.orders.prompt({ threadId: 'thread', promptId: 'one', content: 'Do it' })).toEqual({ known: true });
  expect(turnsOf(host)).toEqual([
    ['turn.started', 'one'],
    ['turn.finished', 'one'],
  ]);
  expect(terminal.typed).toEqual(['Do it', '']);
  host.close();
});

test('a prompt that no hook proves within 60 s of a new daemon has failed, and a later turn is not its', async () => {
  using dir = createTempDir();
  const terminal = await typedByFormer(dir);
  const host = terminal.start();
  expect(await host.orders.prompt({ threadId: 'thread', promptId: 'one', content: 'Do it' })).toEqual({ known: false });
  terminal.clock.advance(59_999);
  expect(turnsOf(host)).toEqual([]);
  terminal.clock.advance(1);
  expect(turnsOf(host)).toEqual([['turn.failed', 'one']]);
  host.close();
  terminal.hook('UserPromptSubmit');
  const later = terminal.start();
  expect(turnsOf(later)).toEqual([
    ['turn.failed', 'one'],
    ['turn.started', 'thread'],
  ]);
  later.close();
  expect(terminal.typed).toEqual(['Do it', '']);
});

test('the end of a conversation that the agent has with itself is not the end of the turn, also for the next daemon', async () => {
  using dir = createTempDir();
  const terminal = await typedByFormer(dir);
  terminal.hook('UserPromptSubmit');
  terminal.hook('Stop', { 'input-messages': ['Find a title for: Do it'] });
  const host = terminal.start();
  expect(turnsOf(host)).toEqual([['turn.started', 'one']]);
  host.close();
  terminal.hook('Stop', { 'input-messages': ['Do it'] });
  const later = terminal.start();
  expect(turnsOf(later).at(-1)).toEqual(['turn.finished', 'one']);
  later.close();
});

test.each<[string, StepExit, string | undefined, string]>([
  ['by itself, on a conversation that it had', { kind: 'exit', code: 1 }, 'abc', 'not_resumed'],
  ['by itself, on a new one', { kind: 'exit', code: 1 }, undefined, 'exited'],
  ['by a signal', { kind: 'signal', signal: 'SIGHUP' }, 'abc', 'exited'],
  ['by a signal that it tells as its exit code', { kind: 'exit', code: 129 }, 'abc', 'exited'],
  ['without a word', { kind: 'lost' }, 'abc', 'exited'],
])('an agent that ends before it is ready %s', async (_, exit, externalId, code) => {
  using dir = createTempDir();
  const host = terminalIn(dir, exit).start();
  await host.orders.open({ threadId: 'thread', generation: 1, argv: ['claude'], cwd: '/', env: {}, externalId });
  const failed = await until('it to be told', () => host.eventsAfter(0).find(({ kind }) => kind === 'thread.openFailed'));
  expect(failed.data).toMatchObject({ code });
  host.close();
});
