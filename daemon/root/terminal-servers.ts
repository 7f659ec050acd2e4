// The tmux servers of one daemon: where they listen, and what starts and ends them.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Again } from '../kernel/again.ts';
import type { Metrics } from '../metrics/service.ts';
import type { ProcessTool } from '../tools/process.ts';
import { createTmux } from '../tools/tmux.ts';
import { createTmuxControl, type TmuxControlOptions } from '../tools/tmux-control.ts';
import { createTmuxServers, mostTmuxServers, socketPathOf, type TmuxServer, type TmuxServers } from '../tools/tmux-servers.ts';
import { measuredControl } from './measured.ts';
import type { ServiceManager } from './service-manager.ts';

/** So many on a server feel little of each other; what it computes for each end grows with them. */
const terminalsEach = 64;

export interface TerminalServersOptions extends Pick<TmuxControlOptions, 'confPath' | 'env' | 'sleep'> {
  readonly process: ProcessTool;
  readonly tmuxPath: string | undefined;
  /** The socket of the first. */
  readonly socketPath: string;
  readonly manager: ServiceManager | undefined;
  readonly metrics: Metrics;
  readonly again: Again;
}

export function createTerminalServers(options: TerminalServersOptions): TmuxServers {
  const { process, confPath, env, sleep, manager, again } = options;
  const tmuxPath = options.tmuxPath ?? 'tmux';
  const pathOf = (server: number): string => socketPathOf(options.socketPath, server);
  const connect = (server: number): TmuxServer => {
    const socketPath = pathOf(server);
    // The first has a unit of its own; the others come and go.
    const start = (by: ServiceManager): Promise<void> =>
      server === 0
        ? by.startTerminals(process)
        : by.runApart([tmuxPath, '-u', '-S', socketPath, '-f', confPath, 'start-server'], process, env);
    const startServer = manager === undefined ? {} : { startServer: () => start(manager) };
    const control = measuredControl(
      createTmuxControl({ process, tmuxPath, socketPath, confPath, env, sleep, ...startServer }),
      options.metrics,
    );
    return { control, tmux: createTmux({ control, process, again }) };
  };
  const end = async (server: number): Promise<void> => {
    const socketPath = pathOf(server);
    if (!existsSync(socketPath)) return;
    await process.runTool(tmuxPath, ['-N', '-S', socketPath, 'kill-server'], { okExitCodes: [0, 1] });
    await rm(socketPath, { force: true });
  };
  return createTmuxServers({ connect, end, terminalsEach, most: mostTmuxServers });
}
