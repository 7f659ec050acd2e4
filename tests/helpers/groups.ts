// Members of groups for flows: one command whose argument says what becomes of it.
import type { Group, ParamsOf } from '../../schemas/index.ts';
import { commandFile, createSignals, type Signals, shell, stubbornTree } from './programs.ts';
import { createHome, type RealDaemon, type RealDaemonOptions, startRealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';
import { until } from './until.ts';

export interface GroupSetup extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly repo: TestRepo;
  readonly signals: Signals;
  /** The id of the project at `repo`. */
  readonly project: string;
  /** Starts a group of members as `membersOf` reads them. */
  start(members: string, more?: Partial<ParamsOf<'group.start'>>): Promise<Group>;
}

export interface GroupSetupOptions extends Pick<RealDaemonOptions, 'commands'> {
  readonly config?: string | ((signals: Signals) => string);
  /** Of the command "member". */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A daemon of its own with a repository and the command "member". */
export async function setUpGroups({ config, fields, commands }: GroupSetupOptions = {}): Promise<GroupSetup> {
  const repo = await createTestRepo();
  const home = createHome();
  const signals = createSignals(home);
  const daemon = await startRealDaemon({
    home,
    ...(config === undefined ? {} : { config: typeof config === 'string' ? config : config(signals) }),
    commands: { member: memberCommand(signals, fields), ...commands },
  });
  const project = (await daemon.client.project.add({ path: repo.path })).id;
  return {
    ...{ daemon, repo, signals, project },
    start: (members, more = {}) => daemon.client.group.start({ project, members: membersOf(members), environment: home.env(), ...more }),
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/**
 * `how`: ok, fail, hang (its pid goes to "hanging"), stubborn (a tree of processes that is hard to end, pids in "tree"), gate (waits for
 * the gate <name>), or second (fails at its first run). Each run adds its name to "ran".
 */
function memberCommand(signals: Signals, fields: Readonly<Record<string, unknown>> = {}): string {
  const script = [
    signals.tell('ran', '$COPPICE_ARG_NAME'),
    'case "$COPPICE_ARG_HOW" in',
    'ok) ;;',
    'fail) exit 3 ;;',
    `hang) echo $$ >> ${signals.path('hanging')}; exec sleep 600 ;;`,
    `stubborn) ${stubbornTree(signals)} ;;`,
    `gate) while [ ! -e ${signals.path('$COPPICE_ARG_NAME')} ]; do sleep 0.02; done ;;`,
    `second) [ -e ${signals.path('tried-$COPPICE_ARG_NAME')} ] || { touch ${signals.path('tried-$COPPICE_ARG_NAME')}; exit 4; } ;;`,
    '*) exit 64 ;;',
    'esac',
  ].join('\n');
  return commandFile('member', { arguments: ['name', 'how'], steps: [shell(script)], ...fields });
}

/** `a:ok b:fail`: members by name. */
export function membersOf(text: string): { command: string; arguments: { name: string; how: string } }[] {
  return text.split(' ').map((word) => {
    const [name = '', how = ''] = word.split(':');
    return { command: 'member', arguments: { name, how } };
  });
}

export async function groupEnded(daemon: RealDaemon, id: string): Promise<Group> {
  return until(`group ${id} to end`, async () => {
    const group = await daemon.client.group.get({ id });
    return group.endedAt !== undefined && group;
  });
}

/** `a#1 failed > #2 succeeded`: each member with what came of its attempts. */
export function story({ members }: Group): string[] {
  return members.map(({ status, attempt, earlierAttempts = [] }) =>
    [...earlierAttempts, { status, attempt }].map((each) => `#${each.attempt} ${each.status}`).join(' > '),
  );
}

export async function pidsIn(signals: Signals, name: string, count: number): Promise<number[]> {
  return until(`${count} pids in "${name}"`, async () => {
    const lines = await signals.lines(name);
    return lines.length >= count && lines.map(Number);
  });
}
