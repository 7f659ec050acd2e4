// One work session in one editor: what happens in it is told there, and what is typed there is sent to it.
import type { AgentContext, SessionUpdate, StopReason } from '@agentclientprotocol/sdk';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { WorkSession } from '../../../schemas/work-session.ts';
import { type Clock, isoTime } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { shortName } from '../../spec-tasks/creating.ts';
import { createCommands } from './commands.ts';
import { configOptionsOf, modesOf, withModel } from './config-options.ts';
import type { DaemonClient, DaemonEvent } from './daemon-client.ts';
import { createPrompts } from './prompts.ts';
import { createQuestions } from './questions.ts';
import { createTranscript } from './transcript.ts';
import { planOf, said, updateOfStep } from './updates.ts';

export interface AttachedDeps {
  readonly daemon: DaemonClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: AgentContext;
  readonly workSession: WorkSession;
  readonly environment: Readonly<Record<string, string>>;
  /** It is called by the first that is said in it. */
  readonly isUnnamed: boolean;
}

export type Attached = Awaited<ReturnType<typeof attach>>;

/** Nothing is told before `replay` or `follow`. */
export async function attach({ daemon, clock, log, client, workSession, environment, isUnnamed }: AttachedDeps) {
  const { api } = daemon;
  const { id, specTaskId, projectId } = workSession;
  let isFollowing = false;
  let isOver = false;
  let isToBeNamed = isUnnamed;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other, so that an editor is told things in the order in which they were. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const later = (work: () => Promise<unknown>): void => {
    void inTurn(async () => (isOver ? undefined : work())).catch((error: unknown) => {
      if (!isOver) log.warn({ err: error, workSessionId: id }, 'an editor could not be told what happened');
    });
  };
  /** What looks at the present state is done once, however often it was asked for while a slow editor took something else. */
  const due = new Set<() => Promise<unknown>>();
  const soon = (look: () => Promise<unknown>): void => {
    if (due.has(look)) return;
    due.add(look);
    later(() => {
      due.delete(look);
      return look();
    });
  };
  const tell = async (update: SessionUpdate): Promise<void> => {
    if (!isOver) await client.notify('session/update', { sessionId: id, update });
  };
  const cancelTurn = async (): Promise<void> => {
    const { threadId } = await api.workSession.get({ id });
    if (threadId !== undefined) await api.thread.cancelTurn({ id: threadId });
  };
  const prompts = createPrompts();
  const commands = createCommands({ daemon, projectId, environment, tell });
  const tellOfAgent = async (update: SessionUpdate): Promise<void> => {
    if (update.sessionUpdate !== 'available_commands_update') return tell(update);
    commands.ofAgent(update.availableCommands);
    await tell({ ...update, availableCommands: await commands.list() });
  };
  const transcript = createTranscript({ api, workSessionId: id, prompts, tell: tellOfAgent, onCancelledTurn: cancelTurn });
  const questions = createQuestions({
    ...{ api, log },
    say: (text) => later(() => tell(said(text))),
    async ask(toolCall, options, cancellationSignal) {
      const wait = { cancellationSignal, stopWaitingOnCancel: true };
      const { outcome } = await client.request('session/request_permission', { sessionId: id, toolCall, options }, wait);
      return outcome.outcome === 'selected' ? outcome.optionId : undefined;
    },
  });

  const askWhatIsOpen = async (): Promise<void> => {
    const { permissions } = await api.permission.list({ specTask: specTaskId, status: 'pending', limit: limits.pageRows });
    for (const one of permissions.toReversed()) if (one.workSessionId === id) questions.permission(one);
    const task = await api.specTask.get({ id: specTaskId });
    if (task.status === 'implementation_review') questions.review(task);
  };
  const tellPlan = async (): Promise<void> => {
    if (transcript.hasOwnPlan) return;
    const { implTasks } = await api.implTask.list({ specTask: specTaskId, limit: limits.pageRows });
    if (implTasks.length > 0) await tell(planOf(implTasks));
  };
  const tellInfo = async (): Promise<void> => {
    const { name, status, stage, blockedReason, blockedDetail, worktreePath, branch } = await api.workSession.get({ id });
    const _meta = { coppice: { status, stage, blockedReason, blockedDetail, worktreePath, branch } };
    await tell({ sessionUpdate: 'session_info_update', title: name, updatedAt: isoTime(clock.now()), _meta });
  };
  const tellOptions = async (): Promise<void> => {
    await tell({ sessionUpdate: 'config_option_update', configOptions: await options() });
  };
  const options = async () => {
    const { agents } = await api.agent.list({ limit: limits.pageRows });
    const { agent } = await api.workSession.get({ id });
    const speakers = agents.filter(({ protocol, enabled }) => enabled && protocol === 'acp').map(({ name }) => name);
    return configOptionsOf(speakers, agent, transcript.offered);
  };

  const hear = ({ type, subject, data }: DaemonEvent): void => {
    if (type === 'specTask.statusChanged') {
      questions.withdraw(specTaskId);
      if (isFollowing) soon(askWhatIsOpen);
    }
    if (type === 'implTask.statusChanged' && isFollowing) soon(tellPlan);
    if (subject.workSessionId !== id) return;
    if (type === 'permission.answered' || type === 'permission.withdrawn') questions.withdraw(String(data.permissionId));
    if (!isFollowing) return;
    if (type === 'permission.requested') soon(askWhatIsOpen);
    else if (type === 'thread.statusChanged') {
      transcript.moved();
      soon(transcript.pump);
      later(async () => prompts.settleAll());
      soon(tellOptions);
    } else if (type.startsWith('thread.')) soon(transcript.pump);
    else if (type === 'workSession.statusChanged' || type === 'workSession.updated') soon(tellInfo);
    else if (type.startsWith('step.')) {
      const update = updateOfStep(type, data as unknown as Parameters<typeof updateOfStep>[1]);
      if (update) later(() => tell(update));
    }
    if (type === 'thread.turnFinished') prompts.settled(String(data.promptId));
    // After whatever the agent said before.
    if (type === 'thread.turnFinished' && data.interrupted === true)
      later(async () =>
        prompts.runningEnded(new Failure('AGENT_FAILED', 'The agent ended in the middle of the turn; it is started again and goes on.')),
      );
    if (type === 'prompt.changed' && data.status === 'failed')
      later(async () =>
        prompts.ended(String(data.promptId), new Failure('AGENT_FAILED', `The prompt did not reach the agent: ${String(data.failure)}`)),
      );
  };
  const unfollow = await daemon.follow({ specTaskId }, hear);

  const setUp = async () => {
    const modes = modesOf(transcript.offered);
    return { configOptions: await options(), ...(modes === undefined ? {} : { modes }) };
  };
  return {
    workSession,
    options,
    /** Everything that was said so far. */
    replay: () =>
      inTurn(async () => {
        await transcript.pump();
        return setUp();
      }),
    /** As if all of it had been told. */
    skip: () =>
      inTurn(async () => {
        await transcript.skip();
        return setUp();
      }),
    /** From now on. */
    follow(first?: string): void {
      isFollowing = true;
      later(async () => {
        if (first !== undefined) await tell(said(first));
        await tell({ sessionUpdate: 'available_commands_update', availableCommands: await commands.list() });
        await tellPlan();
        await tellInfo();
        await transcript.pump();
        await askWhatIsOpen();
      });
    },
    /** A command of the project, or a prompt for the agent. */
    async prompt(text: string): Promise<StopReason> {
      const command = await commands.find(text);
      if (command !== undefined) return commands.run(command, (work) => inTurn(work));
      // Its turn is told after this, and so after it is known to be our own.
      const { turn } = await inTurn(async () => {
        const { id: promptId } = await api.workSession.sendPrompt({ id, content: text });
        if (isToBeNamed) await api.workSession.update({ id, name: shortName(text) });
        isToBeNamed = false;
        return { turn: prompts.wait(promptId) };
      });
      soon(transcript.pump);
      return turn;
    },
    async cancel(): Promise<void> {
      commands.cancel();
      prompts.cancelWaiting();
      await cancelTurn();
    },
    async choose(configId: string, value: string): Promise<void> {
      const { threadId } = await api.workSession.get({ id });
      if (threadId === undefined) {
        throw new Failure('PRECONDITION', `Work session "${workSession.name}" has no agent yet; choose when it has.`, {
          details: { reason: 'no_thread' },
        });
      }
      if (configId !== 'agent' && configId !== 'model' && configId !== 'mode') {
        const message = `There is no option "${configId}"; there are agent and model.`;
        throw new Failure('INVALID_PARAMS', message, { details: { issues: [{ path: ['configId'], message }] } });
      }
      await api.thread.update({ id: threadId, [configId]: value });
      if (configId === 'model') transcript.choose(withModel(transcript.offered, value));
      if (configId === 'agent') transcript.choose({});
    },
    detach(): void {
      isOver = true;
      unfollow();
      questions.withdrawAll();
    },
  };
}
