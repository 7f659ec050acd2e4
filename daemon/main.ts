#!/usr/bin/env node
// The process: argv, environment, signals and exit code. Everything else is in daemon.ts.
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, homedir, userInfo } from 'node:os';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot, packageVersion } from '../rpc/package-info.ts';
import { errorTable, isFailure } from '../schemas/errors.ts';
import type { Diagnostic } from '../schemas/primitives.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { systemClock } from './kernel/clock.ts';
import { keepHeapSmall } from './kernel/heap.ts';
import { createLog, type RootLog } from './kernel/log.ts';
import { initialConfig, type StartRequest, validateStart } from './root/initial-config.ts';
import { watchOwnFiles } from './root/own-files.ts';
import { type Paths, resolvePaths } from './root/paths.ts';
import { supervisionOf, supervisorVariables } from './root/supervision.ts';
import { isJournal, withPriority } from './tools/journal.ts';
import { openLogFile } from './tools/log-file.ts';
import { createSdNotify } from './tools/sd-notify.ts';

const usage = `usage: coppiced [--socket PATH] [--config FILE] [--set SECTION.KEY=VALUE]… [--safe-mode] [--check-config] [--version]

Runs the coppice daemon in the foreground. Its log goes to stderr on a terminal or under systemd, else to coppiced.log in the state
directory. SIGTERM and SIGINT stop it in order (twice: at once); SIGHUP reloads the configuration.

  --set SECTION.KEY=VALUE  a key of the configuration, over every file and variable
  --safe-mode              start on the last good configuration when the present one is wrong
  --check-config           print {valid, diagnostics} of the configuration as JSON and end: with 0, or 6 when it is wrong
`;

/** How long the loop may take to empty after everything is released. */
const lastResortMs = 10_000;

async function main(): Promise<void> {
  keepHeapSmall();
  const { values } = parseArgs({
    options: {
      socket: { type: 'string' },
      config: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      'safe-mode': { type: 'boolean', default: false },
      'check-config': { type: 'boolean', default: false },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || values.version) {
    process.stdout.write(values.help ? usage : `${packageVersion()}\n`);
    return;
  }
  const paths = resolvePaths({
    env: process.env,
    home: homedir(),
    ...(values.socket === undefined ? {} : { socket: values.socket }),
    ...(values.config === undefined ? {} : { config: resolve(values.config) }),
  });
  const request = { paths, uid: process.getuid?.() ?? 0, env: process.env, flags: values.set, safeMode: values['safe-mode'] };
  if (values['check-config']) return checkConfig(request);
  await run(request);
}

async function checkConfig(request: StartRequest): Promise<void> {
  const result = await validateStart(request);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!result.valid) process.exitCode = errorTable.CONFIG_INVALID.exit;
}

async function run(request: StartRequest): Promise<void> {
  const { paths, uid } = request;
  const supervision = supervisionOf(process.env, process.pid);
  const config = await initialConfig(request);
  const log = openLog(paths, config.loaded.config.daemon.log_level);
  for (const warning of config.loaded.warnings) log.log.warn({ key: warning.key }, warning.message);
  if (config.sources.snapshot !== undefined) {
    log.log.warn({ path: paths.configPath }, 'the configuration is wrong; this daemon runs on the last good one (safe mode)');
  }

  for (const name of supervisorVariables) delete process.env[name];
  const manager = createSdNotify({
    socket: supervision.notifySocket,
    onError: (error) => log.log.warn({ err: error }, 'the service manager could not be told'),
  });
  let daemon: Daemon | undefined;
  let beating: NodeJS.Timeout | undefined;
  let stopped: Promise<void> | undefined;
  let signalled = false;
  const stop = (reason: string, exitCode: number): void => {
    // A start that is given up leaves what a killed daemon leaves, and the next one tidies it up.
    if (!daemon) process.exit(exitCode);
    if (stopped) return;
    process.exitCode = exitCode;
    manager.stopping();
    // Everything is released and the loop empties by itself; this is for what does not.
    stopped = daemon.stop(reason).finally(() => {
      clearInterval(beating);
      manager.close();
      setTimeout(() => process.exit(exitCode), lastResortMs).unref();
    });
  };
  const crash =
    (kind: string) =>
    (error: unknown): void => {
      log.log.fatal({ err: error }, kind);
      // What goes wrong on the way out must not leave the process hanging.
      if (stopped) process.exit(errorTable.INTERNAL.exit);
      stop(kind, errorTable.INTERNAL.exit);
    };
  const onSignal = (signal: NodeJS.Signals): void => {
    // A stop that somebody asked for by a call goes on; a second signal means at once.
    if (signalled) process.exit(0);
    signalled = true;
    stop(signal, 0);
  };
  process.on('unhandledRejection', crash('unhandled rejection'));
  process.on('uncaughtException', crash('uncaught exception'));
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on(
    'SIGHUP',
    () => void daemon?.reloadConfig().catch((error: unknown) => log.log.warn({ err: error }, 'the configuration was not reloaded')),
  );
  // A start may have to wait, and until the doors are open nothing else keeps the process alive.
  const alive = setInterval(() => {}, lastResortMs);
  daemon = await startDaemon({
    paths,
    config,
    configFlags: request.flags,
    log,
    env: definedOnly(process.env),
    version: packageVersion(),
    packageRoot: packageRoot(),
    careProgram: [process.execPath, ...process.execArgv, siblingProgram('store/care')],
    hostProgram: [process.execPath, ...process.execArgv, siblingProgram('agents/host/main')],
    listenFd: supervision.listenFd,
    uid,
    userName: userName(),
    pid: process.pid,
    cores: availableParallelism(),
    nodeVersion: process.version,
    machineBootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    clock: systemClock,
    random: Math.random,
    upgradePending: watchOwnFiles(packageRoot(), fileURLToPath(import.meta.url)),
    onStopRequested: (reason) => setImmediate(() => stop(reason, 0)),
  }).finally(() => clearInterval(alive));
  manager.ready(`serves ${paths.socketPath}`);
  // Often enough that one which is late does no harm; a loop that is stuck sends none.
  if (supervision.watchdogMs !== undefined) beating = setInterval(manager.alive, supervision.watchdogMs / 2).unref();
}

/** Under systemd and on a terminal somebody reads stderr; a detached daemon keeps a file. */
function openLog(paths: Paths, level: string): RootLog {
  if (process.stderr.isTTY) return createLog(level, (line) => void process.stderr.write(line));
  if (isJournal(process.env.JOURNAL_STREAM, 2)) return createLog(level, (line) => void process.stderr.write(withPriority(line)));
  mkdirSync(paths.stateDir, { recursive: true, mode: 0o700 });
  const file = openLogFile(paths.logPath);
  return createLog(level, (line) => file.write(line));
}

/** A container may run us under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}

/** Another program of the daemon, built or as its source, as this one is. */
function siblingProgram(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function explain(error: unknown): number {
  const lines = [error instanceof Error ? error.message : String(error)];
  if (isFailure(error)) {
    const { diagnostics = [] } = (error.details ?? {}) as { diagnostics?: Diagnostic[] };
    for (const { path, line, column, key, message } of diagnostics) {
      lines.push(
        `  ${[path, line, column].filter((part) => part !== undefined).join(':')}: ${key === undefined ? '' : `${key}: `}${message}`,
      );
    }
  }
  process.stderr.write(`coppiced: ${lines.join('\n')}\n`);
  return isFailure(error) ? errorTable[error.kind].exit : 2;
}

main().catch((error: unknown) => {
  process.exitCode = explain(error);
});
