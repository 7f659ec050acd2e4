// One agent process and its conversation, over the Agent Client Protocol, version 1.
import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from '../../../schemas/errors.ts';
import { AgentError, type AgentWire, createAgentWire } from './agent-wire.ts';
import { endProcess, signalGroup } from './end-process.ts';
import type { NewHostEvent } from './event-file.ts';
import { createPermissionRequests } from './permission-requests.ts';
import type { FailureCode, HostParams } from './protocol.ts';
import { usageLimitOf } from './usage-limit.ts';

export interface AgentThread {
  readonly isOpen: boolean;
  /** Its process is on its way out. */
  readonly isEnding: boolean;
  prompt(promptId: string, content: string): void;
  cancel(): void;
  permit(requestKey: string, optionId: string | undefined): boolean;
  configure(wanted: { mode?: string | undefined; model?: string | undefined }): Promise<void>;
  /** Resolves when its process is gone. */
  end(): Promise<void>;
}

export interface AgentThreadOptions {
  readonly wanted: HostParams<'open'>;
  readonly version: string;
  readonly now: () => number;
  readonly tell: (event: NewHostEvent, sync?: boolean) => void;
  /** Whoever asked for it has nothing to hold on to any more. */
  readonly onGone: () => unknown;
}

interface Turn {
  readonly promptId: string;
  isCancelled: boolean;
  /** What the agent has said or done in it. */
  updates: number;
  retried: boolean;
}

const authRequired = -32000;
const resourceNotFound = -32002;
const openMs = 60_000;
const bufferedUpdates = 100;
const lastWordsMs = 1_000;

export function startAgentThread({ wanted, version, now, tell, onGone }: AgentThreadOptions): AgentThread {
  const { threadId, generation, argv, cwd, env } = wanted;
  const early: { sessionId: unknown; update: unknown }[] = [];
  let externalId: string | undefined;
  let turn: Turn | undefined;
  let isGone = false;
  let isEnding = false;
  let fault: string | undefined;
  let stderrTail = '';

  const update = (sessionId: unknown, what: unknown): void => {
    if (externalId === undefined) {
      // It is not known yet whose this is; some agents are quicker than their answer.
      if (early.length < bufferedUpdates) early.push({ sessionId, update: what });
      return;
    }
    if (sessionId !== externalId) return;
    if (turn) turn.updates += 1;
    tell({ kind: 'update', threadId, data: { update: what } });
  };
  const permissions = createPermissionRequests({ threadId, generation, tell });
  const ending = (): Promise<void> => {
    isEnding = true;
    return endProcess(child);
  };
  const failTurn = (code: FailureCode, message: string, wakeAt?: number): void => {
    if (!turn) return;
    const { promptId } = turn;
    turn = undefined;
    permissions.withdrawAll();
    tell({ kind: 'turn.failed', threadId, data: { promptId, code, message, ...(wakeAt === undefined ? {} : { wakeAt }) } }, true);
  };

  const child: ChildProcess = spawn(argv[0] as string, argv.slice(1), { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const wire: AgentWire = createAgentWire({
    stdin: child.stdin as never,
    stdout: child.stdout as never,
    onRequest: async (method, params, id) => {
      if (method === 'session/request_permission') {
        // What it still asks for in a turn that was cancelled is cancelled with it.
        return turn?.isCancelled ? { outcome: { outcome: 'cancelled' } } : permissions.ask(params, id);
      }
      throw new AgentError(-32601, `"${method}" is not offered`);
    },
    onNotification: (method, params) => {
      if (method === 'session/update') update(params.sessionId, params.update);
      else tell({ kind: 'notice', threadId, data: { text: `notification ${method}`, data: params } });
    },
    onFault: (message) => {
      fault = message;
      failTurn('protocol', `The agent does not speak the protocol: ${message}.`);
      void ending();
    },
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderrTail = `${stderrTail}${chunk.toString('utf8')}`.slice(-4_000);
  });
  const spawned = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const gone = new Promise<void>((resolve) => {
    const over = (exitCode: number | null, signal: string | null): void => {
      if (isGone) return;
      isGone = true;
      const why =
        fault ??
        `it ended with ${signal ?? `exit code ${exitCode}`}${stderrTail.trim() === '' ? '' : `: ${stderrTail.trim().slice(-500)}`}`;
      wire.end(new AgentError(0, why));
      failTurn('exited', `The agent ended in the middle of its turn: ${why}.`);
      permissions.withdrawAll();
      if (externalId !== undefined) tell({ kind: 'thread.exited', threadId, data: { exitCode, signal } }, true);
      onGone();
      resolve();
    };
    // What it said last is still in the pipe; something that it left running may hold the pipe open.
    child.once('exit', (exitCode, signal) => {
      signalGroup(child.pid as number, 'SIGKILL');
      const late = setTimeout(over, lastWordsMs, exitCode, signal);
      child.once('close', () => {
        clearTimeout(late);
        over(exitCode, signal);
      });
    });
    child.once('error', () => child.pid === undefined && over(null, null));
  });

  let authMethods: unknown[] | undefined;
  /** Why the conversation that goes on did not. */
  let refusal: unknown;
  const open = async (): Promise<void> => {
    await spawned;
    const capabilities = await wire.call('initialize', {
      protocolVersion: 1,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'coppice', version },
    });
    const { agentCapabilities = {}, protocolVersion } = capabilities as {
      agentCapabilities?: Record<string, unknown>;
      protocolVersion?: unknown;
    };
    authMethods = capabilities.authMethods as unknown[] | undefined;
    if (protocolVersion !== 1) throw new AgentError(0, `it speaks version ${JSON.stringify(protocolVersion)} of the protocol, and not 1`);
    const { how, session } = await conversation(agentCapabilities);
    const { sessionId, modes, models } = session;
    if (typeof sessionId !== 'string') throw new AgentError(0, 'it opened a conversation without an id');
    await configure(sessionId, wanted);
    externalId = sessionId;
    const data = { generation, externalId, how, agentPid: child.pid as number, capabilities: agentCapabilities, modes, models };
    tell({ kind: 'thread.opened', threadId, data }, true);
    // A replay is what the transcript has already.
    if (how === 'new') for (const one of early.splice(0)) update(one.sessionId, one.update);
    early.length = 0;
  };
  const conversation = async (capabilities: Record<string, unknown>) => {
    const place = { cwd, mcpServers: wanted.mcpServers ?? [] };
    const sessionCapabilities = capabilities.sessionCapabilities as { resume?: unknown } | undefined;
    const sessionId = wanted.externalId;
    const again = sessionCapabilities?.resume ? 'resume' : capabilities.loadSession === true ? 'load' : undefined;
    if (sessionId === undefined || again === undefined) return { how: 'new' as const, session: await wire.call('session/new', place) };
    const session = await wire.call(`session/${again}`, { ...place, sessionId }).catch((error: unknown) => {
      refusal = error;
      throw error;
    });
    return { how: again, session: { ...session, sessionId } as Record<string, unknown> } as const;
  };
  const configure = async (
    sessionId: string,
    { mode, model }: { mode?: string | undefined; model?: string | undefined },
  ): Promise<void> => {
    if (mode !== undefined) await wire.call('session/set_mode', { sessionId, modeId: mode });
    if (model !== undefined) await wire.call('session/set_model', { sessionId, modelId: model });
  };
  const codeOf = (code: unknown, error: unknown): FailureCode => {
    if (code === authRequired) return 'auth_required';
    if (code === resourceNotFound && wanted.externalId !== undefined) return 'gone';
    // Its own answer, and not the end of the wire.
    if (error === refusal && typeof code === 'number' && code !== 0) return 'not_resumed';
    if (code === 'ENOENT' || code === 'EACCES') return 'spawn';
    if (error === late) return 'timeout';
    return fault === undefined ? 'error' : 'protocol';
  };
  const failedToOpen = (error: unknown): void => {
    const { code, message, data } = error as { code?: unknown; message?: string; data?: unknown };
    const kind = codeOf(code, error);
    // Some agents tell them with the refusal, others only when they are greeted.
    const methods = (data as { authMethods?: unknown[] } | undefined)?.authMethods ?? (kind === 'auth_required' ? authMethods : undefined);
    const event = { generation, code: kind, message: String(message ?? error), ...(methods === undefined ? {} : { methods }) };
    tell({ kind: 'thread.openFailed', threadId, data: event }, true);
    void ending();
  };
  const late = new AgentError(0, `it did not open a conversation within ${openMs / 1_000} s`);
  const timer = setTimeout(() => wire.end(late), openMs);
  void open()
    .catch(failedToOpen)
    .finally(() => clearTimeout(timer));

  const ask = async (content: string): Promise<void> => {
    const asked = turn as Turn;
    try {
      const answer = await wire.call('session/prompt', { sessionId: externalId, prompt: [{ type: 'text', text: content }] });
      if (turn !== asked) return;
      const { stopReason = 'end_turn', usage } = answer as { stopReason?: string; usage?: unknown };
      const isEmpty = stopReason === 'end_turn' && asked.updates === 0 && usage === undefined && !asked.isCancelled;
      if (isEmpty && !asked.retried) {
        asked.retried = true;
        tell({ kind: 'notice', threadId, data: { text: 'The agent answered nothing at all; it is asked once more.' } });
        return await ask(content);
      }
      turn = undefined;
      permissions.withdrawAll();
      const data = {
        ...{
          promptId: asked.promptId,
          stopReason: asked.isCancelled ? 'cancelled' : String(stopReason),
          cancelled: asked.isCancelled || stopReason === 'cancelled',
        },
        ...(usage === undefined ? {} : { usage }),
        ...(isEmpty ? { empty: true } : {}),
      };
      tell({ kind: 'turn.finished', threadId, data }, true);
    } catch (error) {
      if (turn !== asked) return;
      if (asked.isCancelled) {
        turn = undefined;
        permissions.withdrawAll();
        tell({ kind: 'turn.finished', threadId, data: { promptId: asked.promptId, stopReason: 'cancelled', cancelled: true } }, true);
        return;
      }
      const { code, message, data } = error as Partial<AgentError>;
      const text = `${message ?? String(error)} ${data === undefined ? '' : JSON.stringify(data)}`.trim();
      const limit = usageLimitOf(text, now());
      if (limit) failTurn('rate_limited', text, limit.wakeAt);
      else if (fault !== undefined) failTurn('protocol', text);
      else if (isGone) failTurn('exited', text);
      else failTurn(code === authRequired ? 'auth_required' : 'error', text);
    }
  };
  return {
    get isOpen() {
      return externalId !== undefined && !isGone && !isEnding;
    },
    get isEnding() {
      return isEnding;
    },
    prompt(promptId, content) {
      turn = { promptId, isCancelled: false, updates: 0, retried: false };
      // On the disk before it leaves: a prompt that may have been read is never sent a second time.
      tell({ kind: 'turn.started', threadId, data: { promptId } }, true);
      void ask(content);
    },
    cancel() {
      if (!turn) return;
      turn.isCancelled = true;
      wire.notify('session/cancel', { sessionId: externalId });
      permissions.withdrawAll();
    },
    permit: permissions.settle,
    async configure(chosen) {
      if (externalId === undefined) {
        throw new Failure('PRECONDITION', `The thread "${threadId}" is not open yet: wait until it is.`, { details: { reason: 'busy' } });
      }
      await configure(externalId, chosen).catch((error: unknown) => {
        const message = `The agent of the thread "${threadId}" refused: ${(error as Error).message}.`;
        throw new Failure('PRECONDITION', message, { details: { reason: 'refused' } });
      });
    },
    async end() {
      await ending();
      await gone;
    },
  };
}
