// The user's own programs for events. They only look on: one that fails, hangs or is too slow changes nothing in the daemon, and what
// waits for it has a bound. At most once: what waits is lost with the daemon.
import type { EventHook } from '../../schemas/config.ts';
import { limits } from '../../schemas/limits.ts';
import type { Log } from '../kernel/log.ts';
import type { PolicyService } from '../policy/service.ts';
import type { LoggedEvent } from '../store/event-log.ts';
import type { ProcessTool } from '../tools/process.ts';

export interface EventHooks {
  take(events: readonly Pick<LoggedEvent, 'type' | 'text'>[]): void;
  /** Ends what runs and forgets what waits. */
  stop(): Promise<void>;
}

export interface EventHookDeps {
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly log: Log;
  readonly configured: () => readonly EventHook[];
  readonly policy: Pick<PolicyService, 'assert' | 'facts'>;
  readonly ownEnvironment: Readonly<Record<string, string>>;
  /** What hooks get of it: no credential, and what policy passes on. */
  readonly passedOn: () => Readonly<Record<string, string>>;
  /** Where they run. */
  readonly directory: string;
}

interface Line {
  readonly waiting: string[];
  missed: number;
}

/** Each hook gets its events in order, one at a time; hooks do not wait for each other. */
export function createEventHooks(deps: EventHookDeps): EventHooks {
  const { log } = deps;
  const lines = new Map<string, Line>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  const work = async (hook: EventHook, name: string, line: Line): Promise<void> => {
    for (let text = line.waiting.shift(); text !== undefined && !stopping.signal.aborted; text = line.waiting.shift()) {
      await runHook(deps, hook, text, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({ err: error, on: hook.on, program: hook.run[0] }, 'a hook for events failed');
      });
    }
    if (line.missed > 0) log.warn({ on: hook.on, program: hook.run[0], missed: line.missed }, 'a hook was too slow for its events');
    lines.delete(name);
  };
  const enqueue = (hook: EventHook, text: string): void => {
    const name = JSON.stringify(hook);
    const line = lines.get(name);
    if (line === undefined) {
      const begun: Line = { waiting: [text], missed: 0 };
      lines.set(name, begun);
      const run = work(hook, name, begun).finally(() => running.delete(run));
      running.add(run);
    } else if (line.waiting.length < limits.hookEvents) line.waiting.push(text);
    else line.missed += 1;
  };
  return {
    take(events) {
      const hooks = deps.configured();
      if (hooks.length === 0 || stopping.signal.aborted) return;
      for (const { type, text } of events) for (const hook of hooks) if (matches(hook.on, type)) enqueue(hook, text);
    },
    async stop() {
      stopping.abort('shutdown');
      await Promise.all(running);
    },
  };
}

/** `*` stands for any letters within a part, and alone for everything. */
export function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '[a-zA-Z]*');
  return new RegExp(`^${expression}$`).test(type);
}

/** Asked of policy without a record: a decision on record is an event, which may be the hook's own. */
async function runHook(deps: EventHookDeps, { run, on }: EventHook, text: string, signal: AbortSignal): Promise<void> {
  const [program = '', ...words] = run;
  const { policy, ownEnvironment, directory } = deps;
  const question = await policy.facts.executable(program, { searchPath: ownEnvironment.PATH, cwd: directory });
  policy.assert([question]);
  await deps.process.runTool(question?.chain[0]?.path ?? program, words, {
    ...{ cwd: directory, signal, timeoutMs: limits.hookMs, input: `${text}\n` },
    env: { ...withheld(deps), COPPICE_HOOK: on },
  });
}

/** Names of variables that the daemon has and a hook must not get. */
function withheld({ ownEnvironment, passedOn }: EventHookDeps): Record<string, undefined> {
  const passed = passedOn();
  const names = Object.keys(ownEnvironment).filter((name) => !Object.hasOwn(passed, name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
