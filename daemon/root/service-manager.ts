// What a daemon that is a service has its service manager do: run the terminals in a unit of their own, and each step in a scope.
import { join } from 'node:path';
import type { ConfigService } from '../config/service.ts';
import type { ProcessTool } from '../tools/process.ts';
import { type ScopeBounds, scopeArgv } from '../tools/scope.ts';
import type { DaemonOptions } from './options.ts';

export interface ServiceManager {
  /** What the wrapper of a step is started by. */
  startedBy(id: string): readonly [string, ...string[]];
  /** Starts the unit of the terminals; one that runs already stays. Throws TOOL_FAILED. */
  startTerminals(process: Pick<ProcessTool, 'runTool'>): Promise<void>;
  /** Runs a program to its end in a scope, where what it leaves running outlives the daemon. Throws TOOL_FAILED. */
  runApart(argv: readonly string[], process: Pick<ProcessTool, 'runTool'>, env: Readonly<Record<string, string>>): Promise<void>;
  /** Takes the bounds of scopes from the configuration as it changes. Answers how to end that. */
  follow(config: Pick<ConfigService, 'onChange'>): () => void;
}

type Bounds = { readonly memory_max?: string | undefined; readonly cpu_quota?: string | undefined };

/** undefined: the daemon was started by hand, and what it starts lives as long as the login that did so. */
export function createServiceManager({ env, uid, config }: Pick<DaemonOptions, 'env' | 'uid' | 'config'>): ServiceManager | undefined {
  const unit = env.COPPICE_TMUX_UNIT;
  if (!unit) return undefined;
  const runtimeDir = env.XDG_RUNTIME_DIR ?? join('/run/user', String(uid));
  const boundsOf = ({ memory_max, cpu_quota }: Bounds): ScopeBounds => ({ memoryMax: memory_max, cpuQuota: cpu_quota });
  let bounds = boundsOf(config.loaded.config.sessions);
  return {
    startedBy: (id) => scopeArgv(id, runtimeDir, bounds),
    startTerminals: async (process) => void (await process.runTool('systemctl', ['--user', 'start', unit])),
    runApart: async (argv, process, more) => {
      const [program, ...words] = scopeArgv('terminals', runtimeDir, {});
      await process.runTool(program, [...words, ...argv], { env: more });
    },
    follow: (service) =>
      service.onChange(({ sessions }) => {
        bounds = boundsOf(sessions);
      }),
  };
}
