// How many processes the daemon and its tmux start for what users do all the time.
import { type Fork, watchForks } from '../helpers/fork-watch.ts';
import { createManyTerminals, type ManyTerminals } from '../helpers/many-terminals.ts';
import { deadlineMs } from '../helpers/until.ts';
import type { Probe } from './benchmark.ts';
import { bounded, type Row } from './rows.ts';

const rounds = 20;
const noneAtAll = { must: 0, aim: 0 };

export const forks: Probe = {
  name: 'forks',
  priority: 'P0',
  async measure() {
    return [...(await ofStarts()), ...(await ofExitsAndReads())];
  },
};

async function ofStarts(): Promise<Row[]> {
  await using many = await createManyTerminals({ after: 'exit "$word"', worktrees: true });
  await using counter = await createCounter(many);
  const starts = await counter.count(() => many.open(1));
  return [
    row('processes forked by the daemon for a session start (worktree + terminal)', counter.ofDaemon(starts), { must: 3, aim: 1 }),
    row('… with what git, tmux and the session itself start', starts),
  ];
}

async function ofExitsAndReads(): Promise<Row[]> {
  await using many = await createManyTerminals({ after: 'echo said; exit "$word"' });
  await using counter = await createCounter(many);
  await many.open(rounds);
  const { client } = many.daemon;
  const id = many.ids[0] as string;
  const read = async (what: string, work: () => Promise<unknown>): Promise<Row> =>
    row(`… for ${what}`, await counter.count(work), noneAtAll);
  const reads = [
    await read('a status', () => client.daemon.status({})),
    await read('a list of sessions', () => client.session.list({})),
    await read('a list of terminals', () => client.terminal.list({})),
    await read('a look at a terminal', () => client.terminal.get({ terminal: id })),
    await read('the screen of a terminal', () => client.terminal.capture({ terminal: id })),
    await read('the output of a step', () => client.session.readOutput({ id })),
  ];
  const exits = await counter.count((round) => endOf(many, round + 1));
  return [
    row('processes forked by the daemon for an exit in a terminal', counter.ofDaemon(exits), noneAtAll),
    row('… with what tmux itself starts', exits),
    ...reads,
  ];
}

interface Counter extends AsyncDisposable {
  /** What each round of it forked below the daemon and its tmux. */
  count(work: (round: number) => Promise<unknown>): Promise<Fork[][]>;
  ofDaemon(rounds: readonly Fork[][]): Fork[][];
}

async function createCounter(many: ManyTerminals): Promise<Counter> {
  // The first session of a daemon finds out what later ones know.
  await many.open(1);
  const { pid } = many.daemon;
  const tmuxPid = Number(await many.daemon.tmux('display-message', '-p', '#{pid}'));
  const watch = await watchForks([pid, tmuxPid]);
  return {
    async count(work) {
      const all: Fork[][] = [];
      for (let round = 0; round < rounds; round += 1) {
        const before = (await watch.soFar()).length;
        await work(round);
        all.push((await watch.soFar()).slice(before));
      }
      return all;
    },
    ofDaemon: (all) => all.map((each) => each.filter(({ parent }) => parent === pid)),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

function row(name: string, all: readonly (readonly Fork[])[], target?: Row['target']): Row {
  const spec = { name, unit: 'processes', failures: 0, ...(target === undefined ? {} : { target }) } as const;
  return bounded(
    spec,
    all.map((each) => each.length),
  );
}

/** The step of a session ends, and is known to have ended. */
async function endOf(many: ManyTerminals, number: number): Promise<void> {
  const subject = { sessionId: many.ids[number] as string };
  const { cursor } = await many.daemon.client.daemon.status();
  many.say(number, '1');
  const signal = AbortSignal.timeout(deadlineMs);
  for await (const item of many.daemon.client.events({ after: cursor, types: ['step.finished'], subject, signal })) {
    if (item.type === 'step.finished' && item.data.name === 'wait') return;
  }
  throw new Error(`the end of the step of session ${subject.sessionId} was not told`);
}
