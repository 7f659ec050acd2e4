// What a session uses of the machine, as the control groups of its steps count it.
import type { SessionUsage } from '../../schemas/session.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { usageOf } from '../tools/scope.ts';
import type { StepFiles } from '../tools/step-files.ts';
import { hasEnded } from './machine.ts';

export interface UsageDeps {
  readonly store: Store;
  readonly stepFiles: Pick<StepFiles, 'readPids'>;
}

/** Of its running steps together; undefined: none of them is in a group of its own. */
export async function usageOfSession({ store, stepFiles }: UsageDeps, session: SessionRecord): Promise<SessionUsage | undefined> {
  if (hasEnded(session.status)) return undefined;
  const running = store.read((r) => r.steps.ofSession(session.id)).filter(({ status }) => status === 'running');
  const usages = await Promise.all(running.map(async ({ id }) => usageOfStep((await stepFiles.readPids(id))?.cgroup)));
  return usages.flatMap((usage) => usage ?? []).reduce<SessionUsage | undefined>((sum, one) => (sum ? added(sum, one) : one), undefined);
}

async function usageOfStep(cgroup: string | undefined): Promise<SessionUsage | undefined> {
  return cgroup === undefined ? undefined : usageOf(cgroup);
}

function added(a: SessionUsage, b: SessionUsage): SessionUsage {
  const memory = a.memoryBytes === undefined || b.memoryBytes === undefined ? {} : { memoryBytes: a.memoryBytes + b.memoryBytes };
  return { ...memory, cpuMs: a.cpuMs + b.cpuMs, processes: a.processes + b.processes };
}
