// The main job on a scratch repository: three sessions at once, each in its own worktree and terminal, with live events, a diff each and a
// clean end. Whatever is not as expected ends it with a sentence and exit status 1.
import { type Client, connect } from '../../client/index.ts';
import type { Session } from '../../schemas/index.ts';
import { assertTools, createScratch, type Scratch } from './scratch.ts';
import { createTeller, isEvent, say } from './story.ts';

const trees = ['oak', 'ash', 'elm'] as const;
const deadlineMs = 30_000;

const plant = `name: plant
description: Plants a tree in a worktree of its own and commits it
arguments:
  - tree
worktree:
  branch: "plant/{{ tree }}"
steps:
  - name: grow
    type: shell
    action: |
      for year in 1 2 3; do
        echo "- year $year: the $COPPICE_ARG_TREE grows" | tee -a "$COPPICE_ARG_TREE.md"
        sleep 0.2
      done
  - name: commit
    type: shell
    action: git add "$COPPICE_ARG_TREE.md" && git commit -q -m "Plant the $COPPICE_ARG_TREE"
`;

async function main(): Promise<void> {
  const signal = stopSignal();
  await assertTools();
  say('coppice demo: three sessions at once, each in a worktree and a terminal of its own.\n');
  const scratch = await createScratch({ plant });
  let client: Client | undefined;
  try {
    client = await connect({ autoStart: true, env: scratch.env, clientName: 'demo', signal });
    say(`repository   ${scratch.repo} (made for this demo)`);
    say(`daemon       pid ${client.hello.daemon.pid}, started for this demo\n`);
    await tellTheStory(client, scratch, signal);
  } finally {
    await client?.close();
    await end(scratch);
  }
  signal.throwIfAborted();
  say('\nThe daemon is stopped, its terminals are ended and the scratch directory is gone.');
  say('Next, in a repository of yours: coppice init, then coppice run example.');
}

async function tellTheStory(client: Client, scratch: Scratch, signal: AbortSignal): Promise<void> {
  const before = await scratch.git('rev-parse', 'HEAD');
  const project = await client.project.add({ path: scratch.repo });
  const environment = { ...scratch.env };
  const tell = createTeller();
  const started = trees.map((tree) => client.session.start({ project: project.id, command: 'plant', arguments: { tree }, environment }));
  const sessions = await follow(client, Promise.all(started), tell, signal);

  const branches = sessions.map(({ branch }) => branch ?? '');
  for (const branch of branches) await scratch.show('coppice', 'worktree', 'diff', branch);
  await scratch.show('coppice', 'ps');
  expect((await scratch.git('status', '--porcelain')) === '', 'The main checkout has changed files.');
  expect((await scratch.git('rev-parse', 'HEAD')) === before, 'The main checkout has moved.');
  say('\nThe main checkout is as it was, and the work is on three branches. Once they are merged, nothing is lost with a session.');

  await scratch.show('git', 'merge', '--no-edit', ...branches);
  const files = (await scratch.git('ls-files')).split('\n');
  for (const tree of trees) expect(files.includes(`${tree}.md`), `The merge did not bring "${tree}.md".`);
  await scratch.show('coppice', 'rm', ...sessions.map(({ slug }) => slug));
  const left = await Promise.all([client.session.list({}), client.worktree.list({}), client.terminal.list({})]);
  const present = left[1].worktrees.filter(({ status }) => status !== 'removed');
  expect(left[0].sessions.length + present.length + left[2].terminals.length === 0, 'A session, worktree or terminal was left behind.');
  expect((await scratch.git('branch', '--list', 'plant/*')) === '', 'A merged branch was left behind.');
}

/** Prints the events of the sessions as they come, until all have ended. */
async function follow(
  client: Client,
  starting: Promise<Session[]>,
  tell: ReturnType<typeof createTeller>,
  signal: AbortSignal,
): Promise<Session[]> {
  // From before the start, so that nothing is missed.
  const events = client.events({ after: client.hello.cursor, types: ['session.*', 'step.*', 'worktree.*', 'terminal.*'], signal });
  const sessions = await starting;
  const treeOf = new Map(sessions.map((session) => [session.id, String(session.arguments.tree)]));
  let running = sessions.length;
  for await (const item of events) {
    if (!isEvent(item)) continue;
    tell(treeOf.get(item.subject.sessionId ?? '') ?? '', item);
    if (item.type === 'session.finished') running -= 1;
    if (running === 0) break;
  }
  expect(running === 0, `The demo was stopped or took more than ${deadlineMs / 1_000} s.`);
  const ended = await Promise.all(sessions.map(({ id }) => client.session.get({ id })));
  for (const { slug, status, error = '', branch, worktreePath } of ended) {
    expect(status === 'succeeded', `The session "${slug}" is ${status}. ${error}`);
    expect(branch !== undefined && worktreePath !== undefined, `The session "${slug}" has no worktree.`);
  }
  return ended;
}

/** Stops what was started, whatever happened before. The tmux server outlives daemons on purpose, so it is ended by name. */
async function end(scratch: Scratch): Promise<void> {
  const stopped = await scratch.coppice('daemon', 'stop').catch((error: unknown) => error);
  await scratch.tmux('kill-server').catch(() => undefined);
  scratch.remove();
  if (stopped instanceof Error) throw new Error('The daemon did not stop.', { cause: stopped });
}

function stopSignal(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  return AbortSignal.any([interrupted.signal, AbortSignal.timeout(deadlineMs)]);
}

function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

main().catch((error: unknown) => {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
