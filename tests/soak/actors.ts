// Who does something at random. Each begins, ends what it began, and begins again until the time is over.
import { writeFileSync } from 'node:fs';
import { isFailure } from '../../schemas/errors.ts';
import { Listener } from '../helpers/event-flow.ts';
import { planOf } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';
import { doorOf, openDoor } from '../helpers/websocket-door.ts';
import { commands, configText, type Ground, pause } from './ground.ts';

export type Actor = (ground: Ground) => Promise<void>;

/** All at once; three of those who start sessions. */
export const actors: readonly Actor[] = [
  sessions,
  sessions,
  sessions,
  specTasks,
  subscribers,
  slowSubscribers,
  webSockets,
  reloads,
  collections,
];

/** Each command and a spec task: what the daemon makes once and keeps is there afterwards. */
export async function once(ground: Ground): Promise<void> {
  for (const command of names) await oneSession(ground, command);
  await oneSpecTask(ground);
  for (const { id } of (await ground.client.worktree.list({ project: ground.project, limit: 200 })).worktrees) {
    await ground.client.worktree.remove({ worktree: id, force: true });
  }
}

const longMs = 45_000;
const names = Object.keys(commands);
let number = 0;

async function sessions(ground: Ground): Promise<void> {
  while (!ground.over.aborted) await oneSession(ground, ground.chance.pick(names));
}

async function oneSession({ daemon, client, project, chance, over, tally }: Ground, command: string): Promise<void> {
  number += 1;
  const takesNumber = command.startsWith('work');
  const given = takesNumber ? { arguments: { n: String(number) } } : {};
  const { id } = await client.session.start({ project, command, environment: daemon.home.env(), ...given });
  tally.sessions += 1;
  if (command.includes('hangs') || chance.percent(15)) {
    await pause(chance.below(400), over);
    tally.cancelled += 1;
    // It may have ended by itself.
    await client.session.cancel({ id }).catch((error: unknown) => allow(error, 'INVALID_TRANSITION'));
  }
  const isEnded = async () => {
    const session = await client.session.get({ id });
    return session.endedAt !== undefined && session;
  };
  const ended = await until(`session ${id} of "${command}" to end`, isEnded, longMs);
  if (chance.percent(50)) await client.session.readOutput({ id, step: 1 }).catch((error: unknown) => allow(error, 'NOT_FOUND'));
  if (ended.worktreeId !== undefined && chance.percent(70)) {
    await client.worktree
      .remove({ worktree: ended.worktreeId, force: true })
      .catch((error: unknown) => allow(error, 'NOT_FOUND', 'CONFLICT'));
  }
  if (chance.percent(40)) await client.session.remove({ id }).catch((error: unknown) => allow(error, 'WORK_AT_RISK', 'PRECONDITION'));
}

const ended = ['implementation_review', 'done', 'implementation_failed', 'spec_failed', 'cancelled'];

async function specTasks(ground: Ground): Promise<void> {
  while (!ground.over.aborted) await oneSpecTask(ground);
}

async function oneSpecTask({ daemon, client, project, chance, over, tally }: Ground): Promise<void> {
  tally.specTasks += 1;
  const { id } = await client.specTask.create({ project, prompt: 'Do what the plan says', environment: daemon.home.env() });
  const file = `made-${tally.specTasks}`;
  const plan = planOf([
    { title: 'Write one', does: [`write ${file}-1 one`, 'commit one'] },
    { title: 'Write two', does: chance.percent(20) ? ['hang'] : [`write ${file}-2 two`, 'commit two'], after: '1' },
  ]);
  const { number: revision } = await client.specTask.submitSpecs({ id, plan, source: 'import' });
  await client.specTask.approve({ id, revision });
  await client.specTask.startImplementation({ id });
  const stopsAt = performance.now() + 2_000 + chance.below(8_000);
  await until(
    `spec task ${id} to be carried out`,
    async () => ended.includes((await client.specTask.get({ id })).status) || performance.now() > stopsAt || over.aborted,
    longMs,
  );
  await client.specTask.cancel({ id, reason: 'the soak goes on' }).catch((error: unknown) => allow(error, 'INVALID_TRANSITION'));
  await until(`spec task ${id} to be over`, async () => ended.includes((await client.specTask.get({ id })).status), longMs);
  await client.specTask.archive({ id }).catch((error: unknown) => allow(error, 'INVALID_TRANSITION'));
}

async function subscribers({ daemon, chance, over, tally }: Ground): Promise<void> {
  while (!over.aborted) {
    await using listener = await Listener.to(daemon.home.socketPath);
    const count = 1 + chance.below(3);
    for (let index = 0; index < count; index += 1) {
      tally.subscribers += 1;
      const received = await listener.subscribe({
        ...(chance.percent(50) ? { initial: true } : {}),
        ...(chance.percent(30) ? { types: ['session.*'] } : {}),
      });
      await pause(chance.below(600), over);
      checkOrder(received.seqs);
      tally.events += received.events.length;
      if (chance.percent(50)) await listener.unsubscribe(received);
    }
  }
}

/** Reads nothing while others work, then all of it, or goes away instead. */
async function slowSubscribers({ daemon, chance, over, tally }: Ground): Promise<void> {
  while (!over.aborted) {
    await using listener = await Listener.to(daemon.home.socketPath);
    tally.subscribers += 1;
    const received = await listener.subscribe({ output: true } as object);
    listener.transport.pause?.();
    await pause(1_000 + chance.below(4_000), over);
    if (chance.percent(50)) continue;
    listener.transport.resume?.();
    const { cursor } = await daemon.client.daemon.status();
    await received.reaches(Number(cursor.slice(cursor.indexOf(':') + 1)));
    checkOrder(received.seqs);
  }
}

async function webSockets({ daemon, chance, over, tally }: Ground): Promise<void> {
  while (!over.aborted) {
    const door = doorOf(daemon);
    const peer = await openDoor(door, door.token);
    tally.webSockets += 1;
    try {
      if (chance.percent(60)) await peer.call('event.subscribe', {});
      for (let calls = chance.below(5); calls > 0; calls -= 1)
        await peer.call(chance.pick(['session.list', 'daemon.status', 'daemon.metrics']), {});
      await pause(chance.below(500), over);
    } finally {
      peer.close();
      await peer.closed;
    }
  }
}

/** Edits the file, sometimes so that it is wrong, and waits until the daemon has taken or refused it. */
async function reloads({ daemon, client, chance, over, tally }: Ground): Promise<void> {
  for (let turn = 1; !over.aborted; turn += 1) {
    const { cursor } = await client.daemon.status();
    const isWrong = chance.percent(20);
    writeFileSync(daemon.home.configPath, isWrong ? `${configText(turn)}\n[nonsense ${turn}` : configText(turn));
    const type = isWrong ? 'config.reloadFailed' : 'config.reloaded';
    await until(type, async () => (await client.event.list({ after: cursor, types: [type] })).events.length > 0);
    tally.reloads += 1;
    await pause(500 + chance.below(2_000), over);
  }
  writeFileSync(daemon.home.configPath, configText(0));
}

async function collections({ client, chance, over, tally }: Ground): Promise<void> {
  while (!over.aborted) {
    await pause(2_000 + chance.below(4_000), over);
    await client.daemon.dbVacuum({ dryRun: chance.percent(20) });
    if (chance.percent(30)) await client.artifact.prune({ olderThanDays: 0 });
    if (chance.percent(20)) await client.daemon.dbCheck({});
    tally.collections += 1;
  }
}

function checkOrder(seqs: readonly number[]): void {
  const wrong = seqs.findIndex((seq, index) => index > 0 && seq <= (seqs[index - 1] ?? 0));
  if (wrong !== -1) throw new Error(`event ${seqs[wrong]} came after ${seqs[wrong - 1]}`);
}

function allow(error: unknown, ...kinds: readonly string[]): void {
  if (!isFailure(error) || !kinds.includes(error.kind)) throw error;
}
