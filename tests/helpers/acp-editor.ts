// An editor as the Agent Client Protocol knows it: the client of the protocol's own library, over `coppice acp`, as editors start it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import {
  type ClientContext,
  client,
  type NewSessionRequest,
  type NewSessionResponse,
  ndJsonStream,
  type RequestPermissionRequest,
  type SessionUpdate,
} from '@agentclientprotocol/sdk';
import { cliProgram } from './real-daemon.ts';
import { until } from './until.ts';

export interface EditorOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly name?: string;
  /** Default: none is answered. The option that is chosen; it may take its time. */
  readonly answers?: (request: RequestPermissionRequest) => Promise<string> | string;
}

export interface Editor extends AsyncDisposable {
  readonly agent: ClientContext;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** Everything that came, in its order, answers among it. */
  readonly log: { readonly what: string; readonly sessionId?: string; readonly update?: SessionUpdate; readonly result?: unknown }[];
  readonly asked: RequestPermissionRequest[];
  /** Questions that were taken back. */
  readonly withdrawn: string[];
  updates(sessionId: string): SessionUpdate[];
  /** What the agent said, and what the user did, as one text. */
  said(sessionId: string, kind?: 'agent_message_chunk' | 'user_message_chunk'): string;
  open(cwd: string, mcpServers?: NewSessionRequest['mcpServers']): Promise<NewSessionResponse>;
  load(sessionId: string, cwd: string): Promise<unknown>;
  prompt(sessionId: string, text: string): Promise<string>;
  readonly exited: Promise<number | null>;
}

export async function startEditor({ cwd, env, args = [], name = 'scripted editor', answers }: EditorOptions): Promise<Editor> {
  const child = spawn(process.execPath, [cliProgram, 'acp', ...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const log: Editor['log'] = [];
  const asked: RequestPermissionRequest[] = [];
  const withdrawn: string[] = [];
  const app = client({ name })
    .onNotification('session/update', ({ params }) => void log.push({ what: 'update', sessionId: params.sessionId, update: params.update }))
    .onRequest('session/request_permission', async ({ params, signal }) => {
      asked.push(params);
      const gone = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => {
          withdrawn.push(params.toolCall.toolCallId);
          reject(new Error('withdrawn'));
        }),
      );
      const optionId = await Promise.race([answers ? answers(params) : new Promise<never>(() => undefined), gone]);
      return { outcome: { outcome: 'selected', optionId } };
    });
  const connection = app.connect(ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout) as never));
  const { agent } = connection;
  await agent.request('initialize', { protocolVersion: 1, clientCapabilities: {}, clientInfo: { name, version: '1' } });
  const noted = <T>(what: string, answer: Promise<T>): Promise<T> =>
    answer.then((result) => {
      log.push({ what, result });
      return result;
    });
  const updates = (sessionId: string): SessionUpdate[] =>
    log.flatMap((one) => (one.sessionId === sessionId && one.update ? [one.update] : []));
  return {
    ...{ agent, child, log, asked, withdrawn, exited, stderr: () => stderr },
    updates,
    said: (sessionId, kind = 'agent_message_chunk') =>
      updates(sessionId)
        .flatMap((one) => (one.sessionUpdate === kind && 'content' in one && (one.content as { text?: string }).text) || [])
        .join(''),
    open: (folder, mcpServers = []) => noted('session/new', agent.request('session/new', { cwd: folder, mcpServers })),
    load: (sessionId, folder) => noted('session/load', agent.request('session/load', { sessionId, cwd: folder, mcpServers: [] })),
    prompt: async (sessionId, text) =>
      (await noted('session/prompt', agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }))).stopReason,
    async [Symbol.asyncDispose]() {
      connection.close();
      child.stdin.end();
      await until('the bridge to end', () => child.exitCode !== null || child.signalCode !== null);
    },
  };
}
