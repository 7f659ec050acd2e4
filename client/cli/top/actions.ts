// What keys do to the world outside: one call each, and what came of it in the message line.
import type { Permission } from '../../../schemas/index.ts';
import { documents } from '../../../schemas/task-words.ts';
import type { Client } from '../../client.ts';
import { approveRevision } from '../approve-revision.ts';
import { everyPage } from '../every-page.ts';
import { type Notice, notice } from './apply-event.ts';
import { plainLine, plainText } from './plain-text.ts';
import { type Target, words } from './row.ts';
import type { Effect, Screen } from './ui.ts';

export interface ActionDeps {
  readonly client: Client;
  /** $TMUX of the user, when set. */
  readonly insideTmux: string | undefined;
  open(screen: Screen): void;
  tell(notice: Notice): void;
  /** Gives the terminal to a program until it ends; answers its exit code. */
  runInForeground(argv: readonly string[]): Promise<number>;
}

/** The rest belongs to the view itself. */
type Action = Exclude<Effect, { do: 'quit' | 'openOutput' | 'closeOutput' }>;

export async function act(deps: ActionDeps, effect: Action): Promise<void> {
  const { client, open } = deps;
  const done = (text: string): void => deps.tell(notice(text, 'green'));
  switch (effect.do) {
    case 'attach':
      return attach(deps, effect.target);
    case 'openPlan':
      return open(await planScreen(client, effect.target));
    case 'openPermission':
      return open(await permissionScreen(client, effect.target));
    case 'openQuestion':
      return open(questionScreen(effect.target));
    case 'approve': {
      const { number, status } = await approveRevision(client, { id: effect.specTaskId, revision: effect.revision, start: true });
      return done(`Revision ${effect.revision} of #${number} is approved; the task is in ${words(status)}.`);
    }
    case 'answerPermission':
      await client.permission.answer({ id: effect.permissionId, optionId: effect.optionId });
      return done(`Answered with "${effect.name}".`);
    case 'answerQuestion':
      await client.workSession.answerHelp({ id: effect.workSessionId, answer: effect.answer });
      return done('The answer is on its way to the agent.');
    case 'cancel':
      return done(await cancel(client, effect.target));
  }
}

async function attach(
  { client, insideTmux, runInForeground, tell }: ActionDeps,
  { name, workSessionId, sessionId }: Target,
): Promise<void> {
  const inside = insideTmux ? { insideTmux } : {};
  const { argv } =
    workSessionId === undefined
      ? await client.session.attach({ id: sessionId ?? '', ...inside })
      : await client.workSession.attach({ id: workSessionId, ...inside });
  const code = await runInForeground(argv);
  if (code !== 0) tell(notice(`"${argv[0]}" for "${name}" ended with ${code}.`, 'yellow'));
}

async function cancel(client: Client, { name, workSessionId, sessionId, specTaskId }: Target): Promise<string> {
  const reason = 'cancelled in coppice top';
  if (workSessionId !== undefined) await client.workSession.cancel({ id: workSessionId, reason });
  else if (sessionId !== undefined) await client.session.cancel({ id: sessionId, reason });
  else await client.specTask.cancel({ id: specTaskId ?? '', reason });
  return `${name} is being cancelled.`;
}

async function planScreen(client: Client, { specTaskId = '' }: Target): Promise<Screen> {
  const [specTask, revision] = await Promise.all([client.specTask.get({ id: specTaskId }), client.specTask.getSpecs({ id: specTaskId })]);
  const text = documents.flatMap((name) =>
    revision[name].trim() === '' ? [] : [`${name}.md`, '', ...revision[name].split('\n').map(plainLine), ''],
  );
  return {
    ...{ kind: 'plan', specTaskId, title: `#${specTask.number} ${plainText(specTask.name)}`, revision: revision.number, text, top: 0 },
    inReview: revision.status === 'in_review',
  };
}

async function permissionScreen(client: Client, { attention, specTaskId }: Target): Promise<Screen> {
  const filter = { status: 'pending' as const, ...(specTaskId === undefined ? {} : { specTask: specTaskId }) };
  const pending: readonly Permission[] = await everyPage((page) => client.permission.list({ ...page, ...filter }), 'permissions');
  const permission = pending.find(({ id }) => id === attention?.refId);
  if (permission === undefined) throw new Error('That permission does not wait any more.');
  return { kind: 'permission', attentionId: attention?.id ?? '', permission, chosen: 0 };
}

function questionScreen({ attention, workSessionId = '' }: Target): Screen {
  const question = plainText([attention?.title, attention?.detail].filter((one) => one !== undefined).join(': '));
  return { kind: 'question', attentionId: attention?.id ?? '', workSessionId, question, text: '' };
}
