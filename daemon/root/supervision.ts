// What the service manager handed to this process, by the variables of systemd. Pure.

export interface Supervision {
  /** Where it wants to be told how this process is. */
  readonly notifySocket?: string;
  /** It ends a process that was not heard of for so long. */
  readonly watchdogMs?: number;
  /** A socket that listens already, and goes on to when this process is gone. */
  readonly listenFd?: number;
}

/** They are ours alone: what we start must neither speak for us nor take our socket. */
export const supervisorVariables = [
  ...['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'],
  ...[
    'INVOCATION_ID',
    'JOURNAL_STREAM',
    'MANAGERPID',
    'MANAGERPIDFDID',
    'SYSTEMD_EXEC_PID',
    'MEMORY_PRESSURE_WATCH',
    'MEMORY_PRESSURE_WRITE',
  ],
] as const;

/** The first descriptor that is handed over. */
const firstFd = 3;

export function supervisionOf(env: Readonly<Record<string, string | undefined>>, pid: number): Supervision {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_PID, LISTEN_FDS } = env;
  const watchdogMs = Number(WATCHDOG_USEC) / 1_000;
  const isWatched = watchdogMs > 0 && (WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid);
  const hasSocket = Number(LISTEN_PID) === pid && Number(LISTEN_FDS) > 0;
  return {
    ...(NOTIFY_SOCKET ? { notifySocket: NOTIFY_SOCKET } : {}),
    ...(isWatched ? { watchdogMs } : {}),
    ...(hasSocket ? { listenFd: firstFd } : {}),
  };
}
