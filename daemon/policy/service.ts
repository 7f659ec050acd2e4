// Asks the rules, keeps what they object to, and stands in the way. A denial is committed before it is told, and before anything starts.
import type { ParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type KeptDecision, type PolicyConfig, type PolicyDecision, type PolicyRuleId, policyRules } from '../../schemas/policy.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Store, Writer } from '../store/store.ts';
import type { DecisionFilter } from '../store/tables/policy-decisions.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { evaluate } from './evaluate.ts';
import { createFacts, type FactDeps, type Facts } from './facts.ts';
import type { Question } from './question.ts';

/** Whose doing a decision is about. */
export interface Where {
  readonly actor: string;
  readonly projectId?: string;
  readonly sessionId?: string;
  readonly stepRunId?: string;
}

type Asked = Question | undefined;

export interface PolicyService {
  readonly facts: Facts;
  /** What policy says, without keeping it; undefined where nothing is configured. */
  ask(question: Asked): PolicyDecision | undefined;
  /** Throws POLICY_DENIED for the first denial; nothing is kept. */
  assert(questions: readonly Asked[]): void;
  /** Keeps warnings and denials, and throws POLICY_DENIED when there is a denial. */
  enforce(questions: readonly Asked[], where: Where): Promise<void>;
  /** The same for what can only be known inside a transaction: keeps a denial and answers what the caller throws after its commit. */
  enforceInside(w: Writer, question: Question, where: Where): Failure | undefined;
  /** What a client may pass on. */
  narrow(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** A budget as policy bounds it; 0 is none. */
  boundSeconds(seconds: number): number;
  explain(asked: ParamsOf<'policy.explain'>): Promise<ResultOf<'policy.explain'>>;
  list(filter: DecisionFilter, cursor: string | undefined, limit: number): ResultOf<'policy.listDecisions'>;
}

export interface PolicyDeps extends FactDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: () => PolicyConfig;
}

export function createPolicyService(deps: PolicyDeps): PolicyService {
  const { store, clock, ids, policy } = deps;
  const facts = createFacts(deps);
  const ask = (question: Asked): PolicyDecision | undefined => question && evaluate(question, policy());

  const keep = (w: Writer, made: PolicyDecision, where: Where): void => {
    const { decision, ruleId, fix } = made;
    // It names what was asked for, which may be as long as a file.
    const message = made.message.slice(0, limits.errorMessageChars);
    const { actor, projectId, sessionId, stepRunId } = where;
    if (decision === 'allow') return;
    if (decision === 'warn' && sessionId !== undefined && w.policyDecisions.hasWarned(sessionId, ruleId)) return;
    const id = ids.next('dec');
    w.policyDecisions.insert({ ...made, decision, message, ...where, id, at: clock.now() }, limits.policyDecisions);
    const subject = { ...(projectId === undefined ? {} : { projectId }), ...(sessionId === undefined ? {} : { sessionId }) };
    const data = {
      ...{ decisionId: id, ruleId, message },
      ...(fix === undefined ? {} : { fix }),
      ...(stepRunId === undefined ? {} : { stepRunId }),
    };
    if (decision === 'deny') w.events.append({ type: 'policy.denied', subject, actor, data });
    else w.events.append({ type: 'policy.warned', subject, actor, data });
  };
  return {
    facts,
    ask,
    assert: (questions) => assertAllowed(questions.flatMap((question) => ask(question) ?? [])),
    async enforce(questions, where) {
      const made = questions.flatMap((question) => ask(question) ?? []);
      if (made.every(({ decision }) => decision === 'allow')) return;
      await store.write((w) => {
        for (const decision of made) keep(w, decision, where);
      });
      assertAllowed(made);
    },
    enforceInside(w, question, where) {
      const made = ask(question);
      if (made === undefined || made.decision === 'allow') return undefined;
      keep(w, made, where);
      return made.decision === 'deny' ? denialOf(made) : undefined;
    },
    narrow(environment) {
      const { allow_environment: allowed, deny_environment: denied } = policy();
      // Every step asks this of every variable.
      if (allowed === undefined && denied.length === 0) return environment;
      const passes = (name: string): boolean => ask({ about: 'variable', name, how: 'passed' })?.decision !== 'deny';
      return Object.fromEntries(Object.entries(environment).filter(([name]) => passes(name)));
    },
    boundSeconds(seconds) {
      const most = policy().max_runtime;
      if (most === undefined) return seconds;
      return seconds === 0 ? most : Math.min(seconds, most);
    },
    async explain({ executable, env, path, timeoutSeconds, artifactBytes }) {
      const place = { searchPath: deps.searchPath, cwd: '/' };
      const asked: [PolicyRuleId, unknown, () => Asked | Promise<Asked>][] = [
        ['allow_executables', executable, () => facts.executable(executable ?? '', place)],
        ['allow_environment', env, () => ({ about: 'variable', name: env ?? '', how: 'passed' })],
        ['working_directories', path, () => facts.directory(path ?? '')],
        ['max_runtime', timeoutSeconds, () => ({ about: 'runtime', what: 'The command', seconds: timeoutSeconds ?? 0 })],
        ['artifact_soft_bytes', artifactBytes, () => ({ about: 'artifacts', sizeBytes: artifactBytes ?? 0 })],
      ];
      const decisions: PolicyDecision[] = [];
      for (const [ruleId, value, question] of asked) {
        if (value === undefined) continue;
        const nothing = { decision: 'allow', ruleId, message: `Nothing is configured about it, so it is allowed.` } as const;
        decisions.push(ask(await question()) ?? nothing);
      }
      const set = policy();
      return { decisions, rules: policyRules.map((ruleId) => ({ ruleId, setting: set[ruleId] ?? null })) };
    },
    list(filter, cursor, limit) {
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.policyDecisions.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      const decisions: KeptDecision[] = rows.map((row) => ({ ...row, at: isoTime(row.at) }));
      return { decisions, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
  };
}

function assertAllowed(decisions: readonly PolicyDecision[]): void {
  const denied = decisions.find(({ decision }) => decision === 'deny');
  if (denied) throw denialOf(denied);
}

function denialOf({ ruleId, message, fix }: PolicyDecision): Failure {
  return new Failure('POLICY_DENIED', message, { details: { ruleId, ...(fix === undefined ? {} : { fix }) } });
}
