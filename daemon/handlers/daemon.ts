import { JsonText } from '../../rpc/bind.ts';
import { Failure } from '../../schemas/errors.ts';
import { foreverMethods, protocol } from '../../schemas/protocol.ts';
import { formatCursor } from '../events/cursor.ts';
import { isoTime } from '../kernel/clock.ts';
import type { HandlersOf } from '../server/connection.ts';
import { databaseHandlers } from './database.ts';
import type { DaemonFacts, Services } from './services.ts';

export function daemonHandlers(services: Services): HandlersOf<'daemon'> {
  const { store, feed, config, auth, metrics, doctor, tmux, daemon, clock } = services;
  const identity = { version: daemon.version, pid: daemon.pid, bootId: daemon.bootId, startedAt: isoTime(daemon.startedAt) };
  // Kept as text, since it never changes and is asked for most.
  const pong = new JsonText(JSON.stringify({ pid: daemon.pid }));
  const cursor = (): string => formatCursor(feed.epoch, feed.lastSeq());
  return {
    'daemon.hello': async ({ protocolVersion, token }, call) => {
      const agreed = agree(protocolVersion, daemon);
      if (token !== undefined) {
        const caller = auth.callerOf(token);
        if (!caller)
          throw new Failure('UNAUTHENTICATED', 'The token is wrong, expired or revoked; make a new one with "coppice token create".');
        call.context.caller = caller;
        await auth.noteUse(caller);
      }
      return {
        protocolVersion: agreed,
        daemon: identity,
        capabilities: { events: true, webSocket: daemon.webSocketPort() !== undefined },
        scopes: [...call.context.caller.scopes],
        cursor: cursor(),
      };
    },
    'daemon.ping': () => pong,
    'daemon.status': async () => {
      const version = await tmux.available();
      const port = daemon.webSocketPort();
      const { connections, subscriptions } = daemon.connections();
      const counts = store.read((r) => ({
        projects: r.projects.count(),
        sessionsByStatus: r.sessions.countByStatus(),
        worktrees: r.worktrees.allLive().length,
        terminals: r.terminals.allLive().length,
      }));
      return {
        daemon: identity,
        uptimeMs: clock.now() - daemon.startedAt,
        rssBytes: process.memoryUsage.rss(),
        stopping: daemon.isStopping(),
        upgradePending: daemon.upgradePending(),
        paths: daemon.paths,
        ...(port === undefined ? {} : { webSocket: { port } }),
        tmux: { available: version !== undefined, running: counts.terminals > 0, ...(version === undefined ? {} : { version }) },
        counts: { ...counts, connections, subscriptions },
        cursor: cursor(),
        configVersion: config.version,
        restartRequired: [...config.restartRequired],
        configDrift: await config.drifts(),
        configDeferred: config.isDeferred,
        safeMode: config.isSafeMode,
      };
    },
    'daemon.metrics': () => metrics.snapshot(),
    'daemon.doctor': () => doctor.examine(),
    ...databaseHandlers(services),
    'daemon.stop': ({ reason }, call) => {
      daemon.requestStop(reason ?? `asked by ${call.context.caller.actor}`);
      return {};
    },
  };
}

function agree(asked: number | { min: number; max: number }, daemon: DaemonFacts): number {
  const { min, max } = typeof asked === 'number' ? { min: asked, max: asked } : asked;
  const agreed = Math.min(max, protocol.max);
  if (agreed >= Math.max(min, protocol.min)) return agreed;
  const upgrade = max < protocol.min ? 'client' : 'daemon';
  throw new Failure(
    'INCOMPATIBLE',
    `The client speaks protocol ${min} to ${max}, coppiced ${daemon.version} speaks ${protocol.min} to ${protocol.max}; upgrade the ${upgrade}.`,
    { details: { daemon: protocol, client: { min, max }, upgrade, stillUnderstood: foreverMethods } },
  );
}
