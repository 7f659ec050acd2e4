// The hosting of agents that speak ACP: a program in a session of its own, which outlives the daemon.
import { connectHost, readHostEvents } from '../agents/host-client.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Store } from '../store/store.ts';
import { hostSession } from './definition.ts';
import type { Hosting } from './hosting.ts';

export interface AgentHostDeps {
  readonly store: Store;
  readonly sessions: Pick<SessionService, 'startTogether' | 'cancelAll'>;
  /** Where the host of an instance keeps its memory. */
  readonly dirOf: (instanceId: string) => string;
  /** A program and its first arguments. */
  readonly hostProgram: readonly string[];
  readonly ownEnvironment: Readonly<Record<string, string>>;
}

export function createAgentHosting({ store, sessions, dirOf, hostProgram, ownEnvironment }: AgentHostDeps): Hosting {
  const sessionOf = (id: string) => store.read((r) => r.sessions.active().find(({ instanceId }) => instanceId === id));
  return {
    runningSince: ({ id }) => sessionOf(id)?.createdAt,
    async begin({ id: instanceId, specTaskId, projectId }) {
      const definition = hostSession(hostProgram, dirOf(instanceId));
      const request = { project: projectId, command: definition.name, arguments: {}, environment: ownEnvironment };
      const extras = { own: { definition, prompt: '' }, links: { specTaskId, instanceId } };
      await sessions.startTogether([{ request, extras }], byDaemon.actor, () => undefined);
    },
    connect: ({ id, lastEventSeq }, onEvent) => connectHost({ dir: dirOf(id), since: lastEventSeq, onEvent }),
    eventsAfter: ({ id }, seq) => readHostEvents(dirOf(id), seq),
    async end({ id }, why) {
      const session = sessionOf(id);
      if (session) await sessions.cancelAll([session.id], why, byDaemon.actor);
    },
    argvOf: async (_, { command }) => command,
  };
}
