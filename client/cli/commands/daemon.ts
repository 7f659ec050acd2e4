import type { Command } from 'commander';
import type { ResultOf } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import type { Output } from '../output.ts';
import { age, duration, size } from '../text.ts';
import { registerDatabase } from './daemon-db.ts';

export function register(program: Command, cli: Cli): void {
  const daemon = program.command('daemon').description('start, stop and look at the daemon');
  daemon
    .command('start')
    .description('start the daemon, unless one runs, and wait until it answers')
    .action(() => start(cli));
  daemon
    .command('stop')
    .description('stop the daemon and wait until it is gone; terminals keep running')
    .action(() => stop(cli));
  daemon
    .command('restart')
    .description('stop the daemon and start it again; clients resume where they were')
    .action(() => restart(cli));
  daemon
    .command('status')
    .description('show who the daemon is, where its things are and how much it holds')
    .action(() => status(cli));
  daemon
    .command('install')
    .description("let the user's systemd run the daemon: a socket, the service, and the terminals apart from it")
    .option('-p, --print', 'show the units, write nothing')
    .action(async ({ print = false }: { print?: boolean }) => {
      const { install, printUnits } = await import('../service/install.ts');
      return print ? printUnits(cli) : install(cli);
    });
  daemon
    .command('uninstall')
    .description('take the units away again; what coppice remembers stays')
    .option('--force', 'also when terminals still run, which end then')
    .action(async ({ force = false }: { force?: boolean }) => (await import('../service/install.ts')).uninstall(cli, force));
  daemon
    .command('logs')
    .description('what the daemon says: of the journal where it is a service, else of its file')
    .option('-f, --follow', 'go on')
    .option('-n, --lines <count>', 'so many of the last ones', wholeNumber('--lines', 1), 100)
    .action(async ({ follow = false, lines }: { follow?: boolean; lines: number }) =>
      (await import('../service/logs.ts')).daemonLogs(cli, { follow, lines }),
    );
  registerDatabase(daemon, cli);
}

async function start(cli: Cli): Promise<void> {
  const { bringUp } = await import('../daemon-process.ts');
  const { identity, started } = await bringUp(cli);
  if (cli.out.json) return cli.out.document({ started, daemon: identity });
  cli.out.line(`The daemon ${started ? 'is running now' : 'was running already'} (pid ${identity.pid}, version ${identity.version}).`);
}

async function stop(cli: Cli): Promise<void> {
  const { takeDown } = await import('../daemon-process.ts');
  const stopped = await takeDown(cli);
  if (cli.out.json) return cli.out.document({ stopped: stopped !== undefined, ...(stopped === undefined ? {} : { daemon: stopped }) });
  cli.out.line(stopped === undefined ? 'No daemon was running.' : `The daemon (pid ${stopped.pid}) has stopped; terminals keep running.`);
}

async function restart(cli: Cli): Promise<void> {
  const { bringUp, takeDown } = await import('../daemon-process.ts');
  const before = await takeDown(cli);
  const { identity } = await bringUp(cli);
  if (cli.out.json) return cli.out.document({ daemon: identity, ...(before === undefined ? {} : { before }) });
  const instead = before === undefined ? '' : ` instead of pid ${before.pid}`;
  cli.out.line(`The daemon runs with pid ${identity.pid}${instead}, version ${identity.version}.`);
}

async function status(cli: Cli): Promise<void> {
  const client = await cli.connect({ autoStart: false, anyProtocol: true });
  const result = await client.daemon.status();
  if (cli.out.json) cli.out.document(result);
  else printStatus(cli.out, result);
}

function configState({ configVersion, configDrift, configDeferred, safeMode }: ResultOf<'daemon.status'>): string {
  const version = `version ${configVersion}`;
  if (safeMode) return `${version}, safe mode: the file is wrong, so the last good one is in force`;
  if (configDeferred) return `${version}, a newer one waits until no session runs`;
  return configDrift ? `${version}, the file is another one; see "coppice config validate"` : version;
}

function printStatus(out: Output, status: ResultOf<'daemon.status'>): void {
  const { daemon, paths, tmux, counts } = status;
  const sessions = Object.entries(counts.sessionsByStatus).map(([name, count]) => `${count} ${name}`);
  const facts: [string, string | undefined][] = [
    ['daemon', `version ${daemon.version}, pid ${daemon.pid}${status.stopping ? ', stopping' : ''}`],
    ['running', `${duration(status.uptimeMs)} (started ${age(daemon.startedAt, Date.now())} ago), ${size(status.rssBytes)} of memory`],
    ['socket', paths.socket],
    ['websocket', status.webSocket === undefined ? 'off' : `127.0.0.1:${status.webSocket.port}`],
    ['database', paths.database],
    ['log', paths.log],
    ['config', `${paths.config} (${configState(status)})`],
    ['tmux', tmux.available ? `${tmux.version ?? 'found'}${tmux.running ? ', running' : ''}` : 'missing'],
    ['sessions', sessions.length === 0 ? 'none' : sessions.join(', ')],
    ['holds', `${counts.projects} projects, ${counts.worktrees} worktrees, ${counts.terminals} terminals`],
    ['clients', `${counts.connections} connections, ${counts.subscriptions} subscriptions`],
    ['cursor', status.cursor],
    ['upgrade', status.upgradePending ? 'its files on disk are others now: coppice daemon restart' : undefined],
    ['restart', status.restartRequired.length === 0 ? undefined : `needed for ${status.restartRequired.join(', ')}`],
  ];
  for (const [name, value] of facts) if (value !== undefined) out.line(`${out.paint(name.padEnd(10), 'dim')} ${value}`);
}
