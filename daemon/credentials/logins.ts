// Logins by device code: begun by a call, waited for by the daemon, ended once. The code that opens them is in a file, everything else in
// the store, so that a new daemon goes on waiting.
import type { Login } from '../../schemas/auth.ts';
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Ids } from '../kernel/ids.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { AuthFlowRecord } from '../store/tables/auth-flows.ts';
import type { OAuthTool, TokenAnswer } from '../tools/oauth.ts';
import { endLogin } from './login-events.ts';
import { afterAnswer, firstQuestionAt, isOver } from './login-machine.ts';
import type { Providers } from './providers.ts';
import type { TokenFiles, TokenRecord } from './token-files.ts';
import type { TokenService } from './tokens.ts';

/** Either names a login: itself, or the latest of a provider. */
export interface LoginRef {
  readonly flowId?: string | undefined;
  readonly provider?: string | undefined;
}

export interface LoginService {
  start(provider: string, origin: Origin): Promise<Login>;
  status(ref: LoginRef): ResultOf<'auth.status'>;
  cancel(ref: LoginRef, origin: Origin): Promise<Login>;
  logout(provider: string, origin: Origin): Promise<ResultOf<'auth.logout'>>;
  /** Goes on with the logins that a former daemon waited for. */
  resume(): Promise<void>;
  /** Asks nobody any more; resolves when no answer is on its way. */
  stop(): Promise<void>;
}

export interface LoginDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly oauth: OAuthTool;
  readonly providers: Providers;
  readonly tokens: TokenService;
  readonly files: TokenFiles;
}

export function createLoginService(deps: LoginDeps): LoginService {
  const { store, clock, ids, oauth, providers, tokens, files } = deps;
  // One thing at a time with a provider: a cancel does not overtake an answer that is being kept.
  const queue = createKeyedQueue();
  const questions = new Map<string, AbortController>();
  const failures = new Map<string, number>();
  let stopped = false;

  const pending = (id: string): AuthFlowRecord | undefined => {
    const flow = store.read((r) => r.authFlows.get(id));
    return flow?.status === 'pending' ? flow : undefined;
  };
  const askAt = ({ id, provider }: AuthFlowRecord, atMs: number): void => {
    deps.deadlines.set(keyOf(id), atMs, () => {
      if (stopped) return;
      queue
        .run(provider, () => ask(id))
        .catch((error: unknown) => deps.log.error({ err: error, flowId: id }, 'a login is stuck; the next daemon goes on with it'));
    });
  };
  const end = async (flow: AuthFlowRecord, how: Parameters<typeof endLogin>[2], origin: Origin): Promise<Login> => {
    deps.deadlines.clear(keyOf(flow.id));
    failures.delete(flow.id);
    const ended = await store.write((w) =>
      settle(w, origin.receipt, viewOf(endLogin(w, flow, how, { at: clock.now(), actor: origin.actor }))),
    );
    files.removeCode(flow.id);
    return ended;
  };

  /** One question to the server. */
  const ask = async (id: string): Promise<void> => {
    const flow = pending(id);
    if (!flow || stopped) return;
    if (isOver(flow, clock.now())) return void (await end(flow, { status: 'expired' }, byDaemon));
    const deviceCode = files.readCode(id);
    if (deviceCode === undefined) return void (await end(flow, { status: 'failed', reason: 'code_lost' }, byDaemon));
    const answer = await answerTo(flow, deviceCode);
    // Cancelled meanwhile: the cancel is next in the queue and ends it.
    if (answer === undefined) return;
    const step = afterAnswer({ ...flow, failures: failures.get(id) ?? 0 }, answer, clock.now());
    if (step.do === 'end') return void (await end(flow, step, byDaemon));
    if (step.do === 'grant') {
      const { expiresAt, scopes } = tokens.keep(flow.provider, providers.identityOf(flow.provider), id, step.tokens);
      await end(flow, { status: 'granted', expiresAt, scopes }, byDaemon);
      return;
    }
    failures.set(id, step.failures);
    if (step.intervalSeconds !== flow.intervalSeconds) await store.write((w) => w.authFlows.setInterval(id, step.intervalSeconds));
    askAt(flow, step.askAt);
  };
  const answerTo = async (flow: AuthFlowRecord, deviceCode: string): Promise<TokenAnswer | undefined> => {
    const question = new AbortController();
    questions.set(flow.id, question);
    try {
      const { server } = await providers.get(flow.provider);
      const answer = await oauth.redeem(server, deviceCode, question.signal);
      return question.signal.aborted && answer.kind !== 'tokens' ? undefined : answer;
    } catch (error) {
      // The provider went from the configuration, or the secret of its client cannot be read.
      if (isFailure(error)) return { kind: 'refused', error: String(error.details?.reason ?? error.kind.toLowerCase()) };
      throw error;
    } finally {
      questions.delete(flow.id);
    }
  };

  const begin = async (provider: string, origin: Origin): Promise<Login> => {
    const running = store.read((r) => r.authFlows.pendingOf(provider));
    if (running) return store.write((w) => settle(w, origin.receipt, viewOf(running)));
    const { server, scopes } = await providers.get(provider);
    const code = await oauth.deviceCode(server, scopes, new AbortController().signal);
    const now = clock.now();
    const { deviceCode, lifetimeMs, ...shown } = code;
    const flow: AuthFlowRecord = {
      id: ids.next('flw'),
      provider,
      status: 'pending',
      ...shown,
      expiresAt: now + lifetimeMs,
      createdAt: now,
    };
    files.writeCode(flow.id, deviceCode);
    const login = await store.write((w) => {
      w.authFlows.insert(flow, limits.authFlows);
      const data = { flowId: flow.id, provider, verificationUri: flow.verificationUri, expiresAt: isoTime(flow.expiresAt) };
      w.events.append({ type: 'auth.started', subject: {}, actor: origin.actor, data });
      return settle(w, origin.receipt, viewOf(flow));
    });
    askAt(flow, firstQuestionAt(flow, now));
    return login;
  };
  const named = ({ flowId, provider }: LoginRef): AuthFlowRecord | undefined => {
    if ((flowId === undefined) === (provider === undefined)) {
      throw new Failure('INVALID_PARAMS', 'Name a login by its flowId or by its provider, not by both.', {
        details: { issues: [{ path: ['flowId'], message: 'either this or provider' }] },
      });
    }
    if (provider !== undefined) {
      providers.assertKnown(provider);
      return store.read((r) => r.authFlows.latestOf(provider));
    }
    const flow = store.read((r) => r.authFlows.get(flowId as string));
    if (flow) return flow;
    throw new Failure('NOT_FOUND', `There is no login "${flowId}"; "coppice auth status" tells of the latest.`, {
      details: { entity: 'login', id: flowId },
    });
  };
  /** A daemon that died between the two: the tokens are kept, and the end of their login is not. */
  const keptBy = ({ id, provider }: AuthFlowRecord): TokenRecord | undefined => {
    try {
      const record = tokens.recordOf(provider);
      return record?.flowId === id ? record : undefined;
    } catch (error) {
      if (isFailure(error)) return undefined;
      throw error;
    }
  };
  const cancelPending = async (provider: string, id: string, origin: Origin): Promise<Login | undefined> => {
    questions.get(id)?.abort();
    return queue.run(provider, async () => {
      const flow = pending(id);
      return flow && end(flow, { status: 'cancelled' }, origin);
    });
  };
  return {
    async start(provider, origin) {
      providers.assertKnown(provider);
      return queue.run(provider, () => begin(provider, origin));
    },
    status(ref) {
      const flow = named(ref);
      const provider = flow?.provider ?? (ref.provider as string);
      const record = tokens.recordOf(provider);
      return {
        provider,
        loggedIn: record !== undefined && tokens.isUsable(record),
        ...(record?.expiresAt === undefined ? {} : { expiresAt: isoTime(record.expiresAt) }),
        ...(record?.scopes === undefined ? {} : { scopes: record.scopes }),
        ...(flow === undefined ? {} : { login: viewOf(flow) }),
      };
    },
    async cancel(ref, origin) {
      const flow = named(ref);
      const cancelled = flow && (await cancelPending(flow.provider, flow.id, origin));
      if (cancelled) return cancelled;
      const status = flow && store.read((r) => r.authFlows.get(flow.id))?.status;
      const message = `No login of "${flow?.provider ?? ref.provider}" is under way${status === undefined ? '' : `; the latest is ${status}`}.`;
      throw new Failure('INVALID_TRANSITION', message, { details: { from: status ?? null, to: 'cancelled', allowed: ['pending'] } });
    },
    async logout(provider, origin) {
      providers.assertKnown(provider);
      const flow = store.read((r) => r.authFlows.pendingOf(provider));
      if (flow) await cancelPending(provider, flow.id, { actor: origin.actor });
      return queue.run(provider, async () => {
        const done = await tokens.forget(provider);
        return store.write((w) => {
          const data = { provider, revoked: done.revoked };
          if (done.loggedOut) w.events.append({ type: 'auth.loginEnded', subject: {}, actor: origin.actor, data });
          return settle(w, origin.receipt, done);
        });
      });
    },
    async resume() {
      const flows = store.read((r) => r.authFlows.allPending());
      files.sweepCodes(flows.map(({ id }) => id));
      for (const flow of flows) {
        const kept = keptBy(flow);
        if (kept) await end(flow, { status: 'granted', expiresAt: kept.expiresAt, scopes: kept.scopes }, byDaemon);
        else askAt(flow, firstQuestionAt(flow, clock.now()));
      }
    },
    async stop() {
      stopped = true;
      await Promise.all([queue.idle(), tokens.idle()]);
    },
  };
}

const keyOf = (flowId: string): string => `login ${flowId}`;

function viewOf(flow: AuthFlowRecord): Login {
  const { id, provider, status, reason, userCode, verificationUri, verificationUriComplete, intervalSeconds, expiresAt } = flow;
  return {
    ...{ flowId: id, provider, status, userCode, verificationUri, interval: intervalSeconds, expiresAt: isoTime(expiresAt) },
    ...(reason === undefined ? {} : { reason }),
    ...(verificationUriComplete === undefined ? {} : { verificationUriComplete }),
  };
}
