import { serveAcp } from '../server/acp/serve.ts';
import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function acpHandlers({ workSessions, daemon, clock, log }: Services): HandlersOf<'acp'> {
  return {
    'acp.upgrade': ({ workSessionId: ref, cwd, environment }, call) => {
      const workSessionId = ref === undefined ? undefined : workSessions.resolve(ref).id;
      const options = { version: daemon.version, clock, log, workSessionId, cwd, environment };
      call.context.upgrade((detached, open) => serveAcp(detached, open(), options));
      return { protocolVersion: 1 };
    },
  };
}
