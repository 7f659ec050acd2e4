import type { InForce } from '../config/reloading.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RootLog } from '../kernel/log.ts';
import type { Paths } from './paths.ts';

/** All that a daemon takes from outside. Nothing below the root reads the environment, the clock or randomness by itself. */
export interface DaemonOptions {
  readonly paths: Paths;
  readonly config: InForce;
  /** `section.key=value`; they win over every other layer. */
  readonly configFlags: readonly string[];
  readonly log: RootLog;
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** Where package.json is; files that are no code are found from here. */
  readonly packageRoot: string;
  /** What runs store/care.ts: a program and its first arguments. */
  readonly careProgram: readonly [string, ...string[]];
  /** What runs agents/host/main.ts. */
  readonly hostProgram: readonly [string, ...string[]];
  /** A Unix socket that listens already; undefined: one is opened. */
  readonly listenFd?: number | undefined;
  readonly uid: number;
  readonly userName: string;
  readonly pid: number;
  readonly cores: number;
  readonly nodeVersion: string;
  readonly machineBootId: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Are the files it was started from others now? */
  readonly upgradePending: () => boolean;
  /** Told when a client asks the daemon to stop. */
  readonly onStopRequested: (reason: string) => void;
  /** Checks every result against the contract: for tests. */
  readonly checkResults?: boolean;
}
