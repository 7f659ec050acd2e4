// The daemon as an agent of the Agent Client Protocol: what an editor asks, by method. Work sessions are its sessions.
import { realpath } from 'node:fs/promises';
import { type AgentApp, type AgentContext, agent, type NewSessionRequest } from '@agentclientprotocol/sdk';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { McpServer, WorkSession } from '../../../schemas/work-session.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { type Attached, attach } from './attached.ts';
import { type Chosen, chooseSession } from './choose.ts';
import type { DaemonClient } from './daemon-client.ts';
import { asRequestError } from './errors.ts';
import { createEditorInstances } from './instances.ts';
import { promptText } from './prompt-text.ts';
import { untilReady } from './until-ready.ts';

export interface FaceDeps {
  readonly daemon: DaemonClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Given to the first session/new, whatever its folder. */
  readonly workSessionId: string | undefined;
  readonly cwd: string | undefined;
  /** Of the program that was started by the editor. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Face {
  readonly app: AgentApp;
  end(): void;
}

export function createFace(deps: FaceDeps): Face {
  const { daemon, clock, log, version, environment } = deps;
  const { api } = daemon;
  const attached = new Map<string, Attached>();
  let editor = { name: 'editor', version: '' };
  const editors = createEditorInstances({ daemon, clock, log, editor: () => editor });

  const sessionOf = (sessionId: string): Attached => {
    const found = attached.get(sessionId);
    if (found) return found;
    throw new Failure('NOT_FOUND', `Session "${sessionId}" is not open here; load it first.`, {
      details: { entity: 'session', id: sessionId },
    });
  };
  const open = async (workSession: WorkSession, client: AgentContext, isUnnamed = false): Promise<Attached> => {
    attached.get(workSession.id)?.detach();
    const made = await attach({ daemon, clock, log, client, workSession, environment, isUnnamed });
    attached.set(workSession.id, made);
    await editors.serve(workSession.projectId);
    return made;
  };
  const close = (sessionId: string): void => {
    const session = attached.get(sessionId);
    attached.delete(sessionId);
    session?.detach();
  };
  const choose = async (cwd: string, mcpServers: readonly McpServer[]): Promise<Chosen> => {
    const { workSessionId } = deps;
    if (workSessionId !== undefined && !attached.has(workSessionId))
      return { workSession: await api.workSession.get({ id: workSessionId }), isNew: false };
    const name = `Conversation in ${editor.name}`.slice(0, limits.nameChars);
    return chooseSession({ api, environment, mcpServers, name, isAttached: (id) => attached.has(id) }, cwd);
  };
  /** What is told because of an answer goes after it: some editors drop what comes before, others wait for ever. */
  const afterAnswer = (work: () => void): void => void setImmediate(work);
  /** The project that it was started in, if it is one. */
  const serveFolder = (): void => {
    const { cwd } = deps;
    if (cwd === undefined) return;
    projectAt(cwd)
      .then((id) => (id === undefined ? undefined : editors.serve(id)))
      .catch((error: unknown) => log.warn({ err: error, cwd }, 'an editor could not say that it is there'));
  };
  /** A folder that was never worked in is no project yet, and looking does not make it one. */
  const projectAt = async (cwd: string): Promise<string | undefined> => {
    try {
      return (await api.project.get({ project: cwd })).id;
    } catch (error) {
      if (isFailure(error) && error.kind === 'NOT_FOUND') return undefined;
      throw error;
    }
  };
  const place = ({ worktreePath, branch }: WorkSession): string =>
    `This conversation works in ${worktreePath ?? 'a worktree of its own'} on the branch ${branch}; your checkout stays as it is.\n`;

  const app = agent({ name: 'coppice' })
    .onRequest('initialize', ({ params }) => {
      const { name = 'editor', version: editorVersion = '' } = params.clientInfo ?? {};
      editor = { name, version: editorVersion };
      afterAnswer(serveFolder);
      return {
        protocolVersion: 1,
        agentInfo: { name: 'coppice', title: 'coppice', version },
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { embeddedContext: true },
          sessionCapabilities: { list: {}, resume: {}, close: {} },
        },
        authMethods: [],
      };
    })
    .onRequest('authenticate', () => ({}))
    .onRequest('session/new', ({ params, client }) =>
      answer(async () => {
        const servers = programsOf(params.mcpServers);
        const { workSession, isNew } = await choose(await realPath(params.cwd), servers);
        const ready = isNew ? await untilReady(daemon, workSession) : workSession;
        const session = await open(ready, client, isNew);
        const setUp = await session.skip();
        const note = isNew ? place(ready) : servers.length > 0 ? notStarted(servers.length) : undefined;
        afterAnswer(() => session.follow(note));
        return { sessionId: ready.id, ...setUp, _meta: { coppice: { worktreePath: ready.worktreePath, branch: ready.branch } } };
      }),
    )
    .onRequest('session/load', ({ params, client }) =>
      answer(async () => {
        const session = await open(await api.workSession.get({ id: params.sessionId }), client);
        const setUp = await session.replay();
        afterAnswer(() => session.follow());
        return setUp;
      }),
    )
    .onRequest('session/resume', ({ params, client }) =>
      answer(async () => {
        const session = await open(await api.workSession.get({ id: params.sessionId }), client);
        const setUp = await session.skip();
        afterAnswer(() => session.follow());
        return setUp;
      }),
    )
    .onRequest('session/list', ({ params }) =>
      answer(async () => {
        const cwd = params.cwd ?? deps.cwd;
        const project = cwd === undefined ? undefined : await projectAt(cwd);
        if (cwd !== undefined && project === undefined) return { sessions: [] };
        const { workSessions, nextCursor } = await api.workSession.list({
          ...{ limit: limits.pageRowsDefault, ...(project === undefined ? {} : { project }) },
          ...(params.cursor == null ? {} : { cursor: params.cursor }),
        });
        const sessions = workSessions.flatMap(({ id, name, worktreePath, endedAt, startedAt, createdAt, status }) =>
          worktreePath === undefined
            ? []
            : [
                {
                  sessionId: id,
                  cwd: worktreePath,
                  title: name,
                  updatedAt: endedAt ?? startedAt ?? createdAt,
                  _meta: { coppice: { status } },
                },
              ],
        );
        return { sessions, ...(nextCursor === undefined ? {} : { nextCursor }) };
      }),
    )
    .onRequest('session/close', ({ params }) => {
      close(params.sessionId);
      return {};
    })
    .onRequest('session/prompt', ({ params }) =>
      answer(async () => ({ stopReason: await sessionOf(params.sessionId).prompt(promptText(params.prompt)) })),
    )
    .onRequest('session/set_mode', ({ params }) =>
      answer(async () => {
        await sessionOf(params.sessionId).choose('mode', params.modeId);
        return {};
      }),
    )
    .onRequest('session/set_config_option', ({ params }) =>
      answer(async () => {
        const session = sessionOf(params.sessionId);
        await session.choose(params.configId, String(params.value));
        return { configOptions: await session.options() };
      }),
    )
    .onNotification('session/cancel', async ({ params }) => {
      try {
        await sessionOf(params.sessionId).cancel();
      } catch (error) {
        // Nobody waits for an answer to this; the turn tells how it ended.
        log.info({ err: error }, 'a turn could not be cancelled from an editor');
      }
    });
  return {
    app,
    end() {
      for (const id of [...attached.keys()]) close(id);
      editors.end();
    },
  };
}

/** Links resolved, as worktrees are known; what is not there is told by whoever needs it. */
function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function answer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asRequestError(error);
  }
}

/** Throws INVALID_PARAMS for one that is reached over a network: no such thing was offered. */
function programsOf(servers: NewSessionRequest['mcpServers']): McpServer[] {
  return servers.map((server) => {
    if ('command' in server) {
      const { name, command, args, env } = server;
      return { name, command, args, env: env.map((one) => ({ name: one.name, value: one.value })) };
    }
    throw new Failure('INVALID_PARAMS', `The MCP server "${server.name}" is no program; only programs are started.`, {
      details: { issues: [{ path: ['mcpServers'], message: 'must be programs' }] },
    });
  });
}

function notStarted(servers: number): string {
  return `Its agent runs already, without the ${servers} MCP servers that this editor names.\n`;
}
