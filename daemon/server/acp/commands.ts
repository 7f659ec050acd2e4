// The commands of the project in an editor: `/name key=value` starts a session, and its steps are shown as they run.
import type { AvailableCommand, SessionUpdate, StopReason } from '@agentclientprotocol/sdk';
import type { CommandSummary } from '../../../schemas/command.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { DaemonClient } from './daemon-client.ts';
import { said, updateOfStep } from './updates.ts';

export interface CommandsDeps {
  readonly daemon: DaemonClient;
  readonly projectId: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly tell: (update: SessionUpdate) => Promise<void>;
}

export interface CommandCall {
  readonly name: string;
  readonly words: string;
}

export interface Commands {
  list(): Promise<AvailableCommand[]>;
  /** What the agent offers itself; a name that it has is its own. */
  ofAgent(commands: readonly AvailableCommand[]): void;
  /** undefined: the text is for the agent. */
  find(text: string): Promise<CommandCall | undefined>;
  /** Ends with the session that it starts. `inTurn` keeps what it tells in order with the rest. */
  run(call: CommandCall, inTurn: (work: () => Promise<void>) => Promise<void>): Promise<StopReason>;
  /** Cancels what runs. */
  cancel(): void;
}

const ended: readonly string[] = ['succeeded', 'failed', 'cancelled', 'lost'];

export function createCommands({ daemon, projectId, environment, tell }: CommandsDeps): Commands {
  const { api } = daemon;
  const running = new Set<string>();
  let agentCommands: readonly AvailableCommand[] = [];
  const ofProject = async (): Promise<CommandSummary[]> => {
    const { commands } = await api.command.list({ project: projectId, limit: limits.pageRows });
    return commands.filter(({ valid, name }) => valid && !agentCommands.some((one) => one.name === name));
  };
  /** Whatever happened: the steps that began or ended since the last look are told. */
  const look = async (id: string, told: Map<string, string>): Promise<string> => {
    const session = await api.session.get({ id });
    for (const { id: stepRunId, name, phase, status, error } of session.stepRuns) {
      const before = told.get(stepRunId);
      if (before === status || status === 'pending') continue;
      told.set(stepRunId, status);
      const step = { stepRunId, name, phase, status, ...(error === undefined ? {} : { error }) };
      const updates = [
        ...(before === undefined ? [updateOfStep('step.started', step)] : []),
        ...(status === 'running' ? [] : [updateOfStep('step.finished', step)]),
      ];
      for (const update of updates) if (update) await tell(update);
    }
    return session.status;
  };
  return {
    async list() {
      const own = (await ofProject()).map(({ name, description }) => ({ name, description, input: { hint: 'key=value' } }));
      return [...agentCommands, ...own];
    },
    ofAgent(commands) {
      agentCommands = commands;
    },
    async find(text) {
      const [, name, words = ''] = /^\/(\S+)\s*(.*)$/s.exec(text.trim()) ?? [];
      if (name === undefined) return undefined;
      return (await ofProject()).some((one) => one.name === name) ? { name, words } : undefined;
    },
    async run({ name, words }, inTurn) {
      const session = await api.session.start({
        ...{ project: projectId, command: name, arguments: argumentsOf(name, words), environment: { ...environment } },
      });
      running.add(session.id);
      await inTurn(() => tell(said(`"${name}" runs as session "${session.slug}".\n`)));
      const told = new Map<string, string>();
      let wake: () => void = () => undefined;
      const unfollow = await daemon.follow({ sessionId: session.id }, () => wake());
      try {
        for (;;) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          let status = '';
          await inTurn(async () => {
            status = await look(session.id, told);
          });
          if (ended.includes(status)) {
            await inTurn(() => tell(said(`Session "${session.slug}" ${status}.\n`)));
            return status === 'cancelled' ? 'cancelled' : 'end_turn';
          }
          await Promise.race([woken, daemon.closed]);
        }
      } finally {
        unfollow();
        running.delete(session.id);
      }
    },
    cancel() {
      // One that ends by itself meanwhile needs none.
      for (const id of running) void api.session.cancel({ id, reason: 'cancelled in an editor' }).catch(() => undefined);
    },
  };
}

function argumentsOf(name: string, words: string): Record<string, string> {
  const pairs = words.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (key !== undefined && value !== undefined) return [key, value.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2')];
      throw new Failure('INVALID_PARAMS', `"${pair}" is no argument of "/${name}"; write them as key=value.`, {
        details: { issues: [{ path: ['prompt'], message: 'must be key=value' }] },
      });
    }),
  );
}
