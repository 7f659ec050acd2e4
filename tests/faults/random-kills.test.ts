// A hundred processes are killed at random in the middle of a spec task and of commands: afterwards every promise holds.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { StreamItem } from '../../client/index.ts';
import type { ResultOf } from '../../schemas/index.ts';
import { commandFile, createSignals, type Signals, shell } from '../helpers/programs.ts';
import { expectCommitsKept, expectNoOrphans, expectTrueResult, expectTrueRows, expectWholeLog } from '../helpers/promises.ts';
import type { RealDaemon } from '../helpers/real-daemon.ts';
import { type Chance, seededChance } from '../helpers/seed.ts';
import { type SpecTaskSetup, setUpSpecTasks } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';
import { killOne, type VictimKind, victimsOf } from '../helpers/victims.ts';

const kills = 100;
/** Shares of a hundred. A host that has ended is started again after a pause, so more of them would only be waited for. */
const shares: readonly (readonly [VictimKind, number])[] = [
  ['daemon', 20],
  ['spawner', 6],
  ['step', 33],
  ['wrapper', 18],
  ['tmux server', 9],
  ['agent', 9],
  ['agent host', 5],
];
const commandsAtOnce = 4;

/** The order is that of the seed; who is not there at the moment has its turn later. */
function orderOf(chance: Chance): VictimKind[] {
  const left = shares.flatMap(([kind, share]) => Array.from({ length: (share * kills) / 100 }, () => kind));
  const order: VictimKind[] = [];
  while (left.length > 0) order.push(...left.splice(chance.below(left.length), 1));
  return order;
}

/** A commit in the terminal, then a step beside it; each tells before and after. */
function work(signals: Signals): string {
  const busy = 'sleep 0.$1; : step-of-the-test';
  const step = (name: string, does: string): string => `set -- 2; echo "$COPPICE_ARG_N" >> ${signals.path(name)}; ${does}; ${busy}`;
  const commit = `git commit --allow-empty -qm "work $COPPICE_ARG_N" && git rev-parse HEAD >> ${signals.path('commits')}`;
  return commandFile('work', {
    arguments: ['n'],
    worktree: { branch: 'work/{{ n }}' },
    session: {},
    steps: [shell(step('inside', commit)), shell(step('beside', 'true'), { run_in: 'process' })],
    finally_steps: [shell(`echo "$COPPICE_ARG_N" >> ${signals.path('finally')}`, { run_in: 'process' })],
  });
}

const items = ['a', 'b', 'c', 'd', 'e'].map((name, at) => ({
  title: `Add ${name}`,
  ...(at < 2 ? {} : { after: String(at - 1) }),
  does: ['run sleep 0.5', `write ${name}.txt ${name}`, `commit Add ${name}`, 'run sleep 0.3'],
  verify: `\`test -e ${name}.txt\``,
}));

interface Run {
  readonly setup: SpecTaskSetup;
  readonly started: string[];
  readonly tasks: string[];
}

/** Keeps as many commands running, and always a spec task; a task that failed is taken up again, as a user would. */
async function keepBusy({ setup, started, tasks }: Run, environment: Record<string, string>): Promise<void> {
  const { client } = setup.daemon;
  const { sessions } = await client.session.list({ status: ['queued', 'preparing', 'running', 'waiting'], limit: 200 });
  const running = sessions.filter(({ id }) => started.includes(id)).length;
  for (let count = running; count < commandsAtOnce; count += 1) {
    const { id } = await client.session.start({
      ...{ project: setup.project, command: 'work', arguments: { n: String(started.length) }, environment },
    });
    started.push(id);
  }
  const last = tasks.at(-1);
  const status = last === undefined ? undefined : (await client.specTask.get({ id: last })).status;
  if (status === 'implementation_failed') await client.specTask.retry({ id: last as string });
  if (status !== undefined && status !== 'implementation_review') return;
  const { id } = await setup.approved(items, { environment });
  tasks.push(id);
  await client.specTask.startImplementation({ id });
}

/** So many more events, or none for a while: then whatever was under way waits for something else. */
async function letPass(daemon: RealDaemon, events: number): Promise<void> {
  const seq = async (): Promise<number> => Number((await daemon.client.daemon.status()).cursor.split(':')[1]);
  const from = await seq();
  const end = performance.now() + 500;
  await until('more events', async () => (await seq()) >= from + events || performance.now() > end);
}

test('a hundred random kills of daemon, spawner, tmux server, agent host, agents and steps break no promise', {
  timeout: 900_000,
}, async () => {
  const chance = seededChance('random kills', 7);
  await using setup = await setUpSpecTasks({ config: '[spec_tasks.limits]\nslots = 2\n' });
  const { daemon, repo } = setup;
  const { home, client } = daemon;
  const signals = createSignals(home);
  home.writeCommand('work', work(signals));
  const [agentLog, agentStore] = [home.path('prompts.log'), home.path('signals-agents')];
  mkdirSync(agentStore);
  const environment = { ...home.env(), FAKE_AGENT_LOG: agentLog, FAKE_AGENT_STORE: agentStore };
  await until('the command to be known', async () =>
    (await client.command.list({ project: setup.project })).commands.some(({ name }) => name === 'work'),
  );
  const before = await repo.fingerprint();
  const log = home.path('kills.log');
  // Somebody follows all the time.
  const leave = new AbortController();
  const items: StreamItem[] = [];
  const from = client.hello.cursor;
  const following = (async () => {
    for await (const item of client.events({ after: from, signal: leave.signal })) items.push(item);
  })();

  const run: Run = { setup, started: [], tasks: [] };
  const order = orderOf(chance);
  const killed = new Map<VictimKind, number>();
  while (order.length > 0) {
    await keepBusy(run, environment);
    await letPass(daemon, chance.below(12));
    const next = await until(
      'somebody to kill',
      async () => {
        const victims = await victimsOf(daemon);
        const at = order.findIndex((kind) => kind === 'daemon' || (victims.get(kind) ?? []).length > 0);
        if (at >= 0) return { at, victims };
        await keepBusy(run, environment);
        return undefined;
      },
      120_000,
    );
    const [kind] = order.splice(next.at, 1) as [VictimKind];
    const pids = next.victims.get(kind) ?? [];
    const pid = kind === 'daemon' ? daemon.pid : chance.pick(pids);
    appendFileSync(log, `${new Date().toISOString()} ${kind} ${pid}\n`);
    await killOne(daemon, kind, pid);
    killed.set(kind, (killed.get(kind) ?? 0) + 1);
  }
  process.stderr.write(
    `killed: ${[...killed].map(([kind, count]) => `${count} × ${kind}`).join(', ')}; ${run.started.length} commands, ${run.tasks.length} spec tasks\n`,
  );
  expect([...killed.values()].reduce((sum, count) => sum + count, 0)).toBe(kills);

  // All comes to its end, by itself or taken up again once more.
  const records = [];
  for (const id of run.started) records.push(await daemon.ended(id));
  for (const id of run.tasks) {
    await until(
      `spec task ${id} to be carried out`,
      async () => {
        const { status } = await client.specTask.get({ id });
        if (status === 'implementation_failed') {
          for (const lock of locksNamed(await client.specTask.overview({ id }))) rmSync(lock, { force: true });
          await client.specTask.retry({ id });
        }
        return status === 'implementation_review';
      },
      300_000,
    ).catch(async (cause: unknown) => {
      const overview = await client.specTask.overview({ id });
      throw new Error(`it stands still: ${inShort(overview)}\n${JSON.stringify(overview)}`, { cause });
    });
  }
  // The user's checkout, and what was committed in worktrees.
  expect(await repo.fingerprint()).toBe(before);
  await expectCommitsKept(repo, await signals.lines('commits'));
  // Results are those of the steps, and nothing ran twice.
  for (const record of records) expectTrueResult(record);
  for (const name of ['inside', 'beside', 'finally']) {
    const lines = await signals.lines(name);
    expect({ name, twice: lines.filter((line, at) => lines.indexOf(line) !== at) }).toEqual({ name, twice: [] });
  }
  const inside = new Set(await signals.lines('inside'));
  for (const [n, { status }] of records.entries()) if (status === 'succeeded') expect(inside.has(String(n))).toBe(true);
  expect(records.some(({ status }) => status === 'succeeded')).toBe(true);
  // Each item is in the branch of its task.
  for (const id of run.tasks) {
    const { integrationBranch } = await client.specTask.get({ id });
    const files = (await repo.git('ls-tree', '--name-only', integrationBranch)).split('\n');
    expect(files).toEqual(expect.arrayContaining(['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt']));
    for (const { id: workSession } of (await setup.workSessions(id)).values()) {
      const { prompts } = await client.workSession.listPrompts({ id: workSession });
      expect(prompts.filter(({ status }) => ['pending', 'submitted'].includes(status))).toEqual([]);
    }
  }
  expect(existsSync(agentLog)).toBe(true);
  // With the tasks put to their end nothing runs but the daemon and its terminals.
  for (const id of run.tasks) await client.specTask.cancel({ id });
  await until('hosts, agents and steps to end', async () => {
    const victims = await victimsOf(daemon);
    return (['agent host', 'agent', 'step'] as const).every((kind) => victims.get(kind) === undefined);
  });
  // What a daemon was killed over, the next one tidies up.
  await daemon.restart();
  // What the daemon says, and what is there.
  const last = Number((await client.daemon.status()).cursor.split(':')[1]);
  await until('the follower to have all', () => items.some((item) => 'seq' in item && item.seq === last));
  leave.abort();
  await following;
  const seqs = items.flatMap((item) => ('seq' in item && item.seq !== undefined ? [item.seq] : []));
  const first = Number(from.split(':')[1]) + 1;
  // More may have come since.
  expect(seqs.length).toBeGreaterThan(last - first);
  expect(seqs).toEqual(seqs.map((_, index) => first + index));
  await expectWholeLog(daemon);
  const userBranches = ['master'];
  for (const id of run.tasks) {
    const { branchPrefix } = await client.specTask.get({ id });
    const branches = (await repo.git('for-each-ref', '--format=%(refname:short)', `refs/heads/${branchPrefix}`)).split('\n');
    userBranches.push(...branches);
  }
  await expectNoOrphans(daemon, repo, userBranches);
  expectTrueRows(home.databasePath);
  expect(home.log()).not.toMatch(/"level":"fatal"|by a bug/);
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(kills);
});

/** What hinders it, in few words: a log of CI shows little of a long message. */
function inShort({ specTask, instance, workSessions, threads }: ResultOf<'specTask.overview'>): string {
  const ended = new Map(threads.map(({ workSessionId, turn, lastStopReason }) => [workSessionId, [turn, lastStopReason?.slice(-200)]]));
  const left = workSessions.filter(({ status }) => status !== 'completed');
  return JSON.stringify([
    ...[specTask.status, instance?.status, instance?.lastError],
    ...left.map(({ id, ...of }) => [of.name, of.status, of.stage, of.blockedDetail, of.waitsFor, of.attempt, ended.get(id)]),
  ]);
}

/** Longer than any git of this test holds its own. */
const liveLockMs = 10_000;

/** A git that was killed amid its work leaves its lock. The agents name it, and only a person may remove it. */
function locksNamed({ threads }: { threads: readonly { lastStopReason?: string | undefined }[] }): string[] {
  const locks = threads.flatMap(({ lastStopReason = '' }) => /'([^']+\/worktrees\/[^']+\/index\.lock)'/.exec(lastStopReason)?.[1] ?? []);
  return locks.filter((lock) => (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) < Date.now() - liveLockMs);
}
