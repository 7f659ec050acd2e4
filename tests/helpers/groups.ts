// Members of groups for flows: one command whose argument says what becomes of it.
import type { Group } from '../../schemas/index.ts';
import { commandFile, type Signals, shell, stubbornTree } from './programs.ts';
import type { RealDaemon } from './real-daemon.ts';
import { until } from './until.ts';

/**
 * `how`: ok, fail, hang (its pid goes to "hanging"), stubborn (a tree of processes that is hard to end, pids in "tree"), gate (waits for
 * the gate <name>), or second (fails at its first run). Each run adds its name to "ran".
 */
export function memberCommand(signals: Signals, fields: Readonly<Record<string, unknown>> = {}): string {
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
