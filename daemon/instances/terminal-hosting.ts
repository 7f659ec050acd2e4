// The hosting of agents in terminals: the daemon types and listens itself, and the windows outlive it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { eventsFile } from '../agents/host/protocol.ts';
import { readHostEvents } from '../agents/host-client.ts';
import type { Store } from '../store/store.ts';
import { gitDirsOf } from '../tools/git/git-files.ts';
import { partId } from '../tools/step-files.ts';
import type { Hosting } from './hosting.ts';
import { createTerminalHost, type TerminalHost, type TerminalHostDeps } from './terminal-host.ts';
import { withWritableRoots } from './terminal-launch.ts';

export interface TerminalHostingDeps extends Omit<TerminalHostDeps, 'placeOf'> {
  readonly store: Store;
  readonly dirOf: (instanceId: string) => string;
}

/** Windows that a terminal has of its own have lower numbers. */
const firstPart = 1_000;

export function createTerminalHosting(deps: TerminalHostingDeps): Hosting & { close(): void } {
  const { store, dirOf } = deps;
  const hosts = new Map<string, TerminalHost>();
  const placeOf: TerminalHostDeps['placeOf'] = (threadId, generation) => {
    const terminal = store.read((r) => {
      const sessionId = r.threads.get(threadId)?.sessionId;
      return sessionId === undefined ? undefined : r.terminals.liveOfSession(sessionId);
    });
    return terminal && { terminal, runId: partId(terminal.shellRunId, firstPart + generation) };
  };
  const hostOf = (id: string): TerminalHost => {
    const known = hosts.get(id);
    if (known) return known;
    const host = createTerminalHost({ ...deps, placeOf }, dirOf(id));
    hosts.set(id, host);
    return host;
  };
  const isBegun = (id: string): boolean => existsSync(join(dirOf(id), eventsFile));
  const lookWhetherDone = (workSessionId: string): void => {
    const { stage, thread } = store.read((r) => ({
      stage: r.workSessions.get(workSessionId)?.stage,
      thread: r.threads.ofWorkSession(workSessionId),
    }));
    if (stage === 'verifying' && thread !== undefined) hosts.get(thread.instanceId)?.saidDone(thread.id);
  };
  const unsubscribe = store.onEvents((events) => {
    for (const { type, subject } of events)
      if (type === 'workSession.statusChanged' && subject.workSessionId !== undefined) lookWhetherDone(subject.workSessionId);
  });
  return {
    runningSince: ({ id, createdAt }) => (isBegun(id) ? createdAt : undefined),
    lastBegunAt: ({ id, createdAt }) => (isBegun(id) ? createdAt : undefined),
    begin: async ({ id }) => void hostOf(id),
    async connect({ id, lastEventSeq }, onEvent) {
      const host = hostOf(id);
      let over: () => void = () => undefined;
      const closed = new Promise<void>((resolve) => {
        over = resolve;
      });
      const unfollow = host.follow(lastEventSeq, onEvent);
      const end = (): void => {
        unfollow();
        over();
      };
      for (const { workSessionId } of store.read((r) => r.threads.ofInstance(id)))
        if (workSessionId !== undefined) lookWhetherDone(workSessionId);
      const orders = host.orders as Readonly<Record<string, (params: never) => unknown>>;
      return {
        closed,
        end,
        async call(method, params) {
          const result = await orders[method]?.(params as never);
          // Its windows are gone; what comes next finds no host.
          if (method === 'shutdown') end();
          return result as never;
        },
      };
    },
    eventsAfter: ({ id }, seq) => readHostEvents(dirOf(id), seq),
    async end({ id }) {
      await hosts.get(id)?.orders.shutdown();
    },
    async argvOf(_, { name, terminal }, cwd) {
      if (terminal !== undefined) return withWritableRoots(terminal, await gitDirsOf(cwd));
      throw new Failure('TOOL_MISSING', `The agent "${name}" has no program for terminals; give it "terminal" in [agents.${name}].`, {
        details: { tool: name, remedy: `set terminal in [agents.${name}]` },
      });
    },
    close() {
      unsubscribe();
      for (const host of hosts.values()) host.close();
      hosts.clear();
    },
  };
}
