// `coppice daemon install` and `uninstall`: the units, and what their user should know.
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { locate } from '../../locate.ts';
import type { Cli } from '../context.ts';
import { counted } from '../text.ts';
import { isActive, runProgram, systemctl } from './systemctl.ts';
import { type UnitPlaces, unitNames, unitText } from './units.ts';

const [socketUnit, serviceUnit, tmuxUnit] = unitNames;
const slice = 'coppice.slice';

interface Wanted {
  readonly places: UnitPlaces;
  readonly unitDir: string;
}

function wanted({ env, socketPath }: Cli): Wanted {
  const { unitDir, configDir, stateDir, ownHome, socketChosen } = locate({ env, home: env.HOME ?? homedir(), socketPath });
  if (ownHome || socketChosen) {
    throw new Failure('PRECONDITION', 'The units serve the usual place; unset COPPICE_HOME and COPPICE_SOCKET, and leave --socket out.', {
      details: { reason: 'own_place' },
    });
  }
  const searchPath = env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  return { unitDir, places: { node: process.execPath, tmux: found('tmux', searchPath), searchPath, configDir, stateDir } };
}

/** Where a program is; itself where it is not, for the unit to say so when it is started. */
function found(program: string, searchPath: string): string {
  const folder = searchPath.split(delimiter).find((one) => one.startsWith('/') && existsSync(join(one, program)));
  return folder === undefined ? `/usr/bin/${program}` : join(folder, program);
}

export function printUnits(cli: Cli): void {
  const { places, unitDir } = wanted(cli);
  const units = unitNames.map((name) => ({ path: join(unitDir, name), text: unitText(name, places) }));
  if (cli.out.json) cli.out.document({ units });
  else for (const { path, text } of units) cli.out.line(`# ${path}\n${text}`);
}

export async function install(cli: Cli): Promise<void> {
  const { env, out } = cli;
  const { places, unitDir } = wanted(cli);
  await assertManager(cli);
  await assertNobodyElse(cli);
  await mkdir(unitDir, { recursive: true });
  for (const name of unitNames) await writeFile(join(unitDir, name), unitText(name, places));
  await systemctl(env, 'daemon-reload');
  // The socket listens from now on; the daemon itself comes with the first client, and at the next login.
  await systemctl(env, 'enable', serviceUnit);
  await systemctl(env, 'enable', '--now', socketUnit);
  const lingers = await isLingering(cli);
  const paths = unitNames.map((name) => join(unitDir, name));
  if (out.json) return out.document({ installed: paths, lingers: lingers ?? null });
  for (const path of paths) out.line(`wrote ${path}`);
  out.line('The first client starts the daemon. "coppice daemon logs" shows what it says, "coppice daemon uninstall" takes it away.');
  if (lingers === false) {
    out.note(`Without linger it ends with your last login, and so do its terminals: loginctl enable-linger ${userInfo().username}`);
  }
  out.note(`It finds programs on the PATH of now; install again when that changes, or set it in ${places.configDir}/environment.`);
}

export async function uninstall(cli: Cli, force: boolean): Promise<void> {
  const { env, out } = cli;
  const { unitDir } = wanted(cli);
  const there = unitNames.filter((name) => existsSync(join(unitDir, name)));
  if (there.length > 0) {
    if (!force) await assertNothingRuns(cli);
    await systemctl(env, 'disable', '--now', ...there.filter((name) => name !== tmuxUnit));
    // The slice holds the scopes of steps and agents, which outlive the daemon.
    await systemctl(env, 'stop', ...there, slice);
    for (const name of there) await rm(join(unitDir, name), { force: true });
    await systemctl(env, 'daemon-reload');
  }
  if (out.json) return out.document({ removed: there.map((name) => join(unitDir, name)) });
  out.line(there.length === 0 ? 'No units were installed.' : `Removed ${there.join(', ')}. What coppice remembers stays where it is.`);
}

async function assertManager({ env }: Cli): Promise<void> {
  const { code, stderr } = await runProgram('systemctl', ['--user', 'show-environment'], env);
  if (code === 0) return;
  throw new Failure('PRECONDITION', `No service manager runs for this user (${stderr.trim()}); use "coppice daemon start".`, {
    details: { reason: 'no_user_manager' },
  });
}

/** A daemon that was started by hand holds the state, and the one of the unit would only say so. */
async function assertNobodyElse(cli: Cli): Promise<void> {
  if (await isActive(cli.env, serviceUnit)) return;
  const client = await cli.connect({ autoStart: false, anyProtocol: true }).catch(() => undefined);
  if (client === undefined) return;
  const { daemon } = await client.daemon.status();
  throw new Failure('PRECONDITION', `A daemon runs already (pid ${daemon.pid}); "coppice daemon stop" first, its terminals go on.`, {
    details: { reason: 'running', pid: daemon.pid },
  });
}

/** A client that asks starts the daemon, which then knows; what it was to find is not ended on a guess. */
async function assertNothingRuns(cli: Cli): Promise<void> {
  if (!(await isActive(cli.env, tmuxUnit)) && !(await isActive(cli.env, slice))) return;
  const client = await cli.connect({ autoStart: false, anyProtocol: true }).catch(() => undefined);
  const counts = (await client?.daemon.status())?.counts;
  const sessions = counts && ['preparing', 'running', 'waiting'].reduce((sum, status) => sum + (counts.sessionsByStatus[status] ?? 0), 0);
  if (counts?.terminals === 0 && sessions === 0) return;
  const what = counts
    ? `${counted(counts.terminals, 'terminal')} and ${counted(sessions ?? 0, 'session')} still run`
    : 'Terminals or sessions may still run';
  throw new Failure('PRECONDITION', `${what} and would end; end them first, or give --force.`, {
    details: { reason: 'live_terminals', ...(counts ? { terminals: counts.terminals, sessions } : {}) },
  });
}

/** undefined: nobody can tell. */
async function isLingering({ env }: Cli): Promise<boolean | undefined> {
  const ran = await runProgram('loginctl', ['show-user', '--property=Linger', '--value', userInfo().username], env).catch(() => undefined);
  return ran?.code === 0 ? ran.stdout.trim() === 'yes' : undefined;
}
