// The user's own programs around a worktree. Their end is waited for, their time is limited, and their failure is told with what they said.
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { PolicyService } from '../policy/service.ts';
import { endStragglers, markOf } from '../tools/git/stragglers.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import type { ProcessTool } from '../tools/process.ts';

export type HookName = 'post_create' | 'pre_remove';

export interface HookFacts {
  readonly worktreePath: string;
  readonly worktreeId: string;
  readonly branch: string;
  readonly projectId: string;
  readonly projectPath: string;
  readonly sessionId?: string | undefined;
}

export interface Hooks {
  /** Runs all of them in order; the first that fails throws TOOL_FAILED, one that policy forbids POLICY_DENIED. Answers whether there was any. */
  run(name: HookName, facts: HookFacts): Promise<boolean>;
}

export interface HookDeps {
  readonly leftovers: Pick<Leftovers, 'unwatch'>;
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly configured: () => Readonly<Record<HookName, readonly (readonly string[])[]>>;
  readonly policy: PolicyService;
  readonly ownEnvironment: Readonly<Record<string, string>>;
  /** What hooks get of it: no credential, and what policy passes on. */
  readonly passedOn: () => Readonly<Record<string, string>>;
}

const anyExit = Array.from({ length: 256 }, (_, code) => code);
const tailChars = 1_200;

export function createHooks(deps: HookDeps): Hooks {
  return {
    async run(name, facts) {
      const all = deps.configured()[name];
      if (all.length > 0 && facts.sessionId !== undefined) deps.leftovers.unwatch(facts.sessionId);
      for (const argv of all) await runHook(deps, name, await permitted(deps, argv, facts), facts);
      return all.length > 0;
    },
  };
}

/** The argv as it may run: by the file that policy looked at. */
async function permitted({ policy, ownEnvironment }: HookDeps, argv: readonly string[], facts: HookFacts): Promise<readonly string[]> {
  const [program = '', ...words] = argv;
  const { worktreePath, projectId, sessionId } = facts;
  const question = await policy.facts.executable(program, { searchPath: ownEnvironment.PATH, cwd: worktreePath });
  const whose = { actor: byDaemon.actor, projectId, ...(sessionId === undefined ? {} : { sessionId }) };
  await policy.enforce([question], whose);
  return [question?.chain[0]?.path ?? program, ...words];
}

/** Names of variables that the daemon has and a hook must not get. */
function withheld({ ownEnvironment, passedOn }: HookDeps): Record<string, undefined> {
  const passed = passedOn();
  const names = Object.keys(ownEnvironment).filter((name) => !Object.hasOwn(passed, name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

async function runHook(deps: HookDeps, name: HookName, argv: readonly string[], facts: HookFacts): Promise<void> {
  const [program = '', ...words] = argv;
  const { worktreePath } = facts;
  // What a successful post_create left running is not pre_remove's to end.
  const mark = name === 'post_create' ? worktreePath : `${worktreePath}#${name}`;
  try {
    const { exitCode, stdout, stderr } = await deps.process.runTool(program, words, {
      cwd: worktreePath,
      env: { ...withheld(deps), ...markOf(mark), ...variables(name, facts) },
      timeoutMs: limits.hookMs,
      okExitCodes: anyExit,
    });
    if (exitCode !== 0) throw failed(name, program, `it ended with exit code ${exitCode}`, `${stdout}\n${stderr}`, { exitCode });
  } catch (error) {
    // What it started must neither run on in a worktree that goes, nor after its time.
    await endStragglers(mark);
    if (!isFailure(error) || (error.details?.hook ?? undefined) !== undefined) throw error;
    const stderr = typeof error.details?.stderrTail === 'string' ? error.details.stderrTail : '';
    throw failed(name, program, error.message.replace(/\.$/, ''), stderr, {}, error);
  }
}

function variables(name: HookName, facts: HookFacts): Record<string, string | undefined> {
  return {
    COPPICE_HOOK: name,
    COPPICE_WORKTREE_PATH: facts.worktreePath,
    COPPICE_WORKTREE_ID: facts.worktreeId,
    COPPICE_BRANCH_NAME: facts.branch,
    COPPICE_PROJECT_PATH: facts.projectPath,
    COPPICE_SESSION_ID: facts.sessionId,
  };
}

function failed(name: HookName, program: string, what: string, said: string, details: object, cause?: unknown): Failure {
  const tail = said.trim().slice(-tailChars);
  return new Failure('TOOL_FAILED', `The hook ${name} ("${program}") failed: ${what}.${tail === '' ? '' : ` Its last lines:\n${tail}`}`, {
    details: { tool: program, hook: name, stderrTail: tail, ...details },
    cause,
  });
}
