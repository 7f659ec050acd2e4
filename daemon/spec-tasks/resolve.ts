// How people name a spec task: by its id, or by its number within a project.
import { Failure } from '../../schemas/errors.ts';
import type { ProjectService } from '../projects/service.ts';
import type { Store } from '../store/store.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

export interface ResolveDeps {
  readonly store: Store;
  readonly projects: Pick<ProjectService, 'resolve'>;
}

/** `spt_…`, or `#12` or `12` with a project. Throws NOT_FOUND with the numbers there are. */
export async function resolveSpecTask({ store, projects }: ResolveDeps, ref: string, project: string | undefined): Promise<SpecTaskRecord> {
  const byId = store.read((r) => r.specTasks.get(ref));
  if (byId) return byId;
  const number = /^#?(\d{1,9})$/.exec(ref)?.[1];
  if (number === undefined) throw notFound(ref, []);
  if (project === undefined) {
    throw new Failure('NOT_FOUND', `"${ref}" is a number within a project; name the project too, or give the id.`, {
      details: { entity: 'spec task', id: ref },
    });
  }
  const { id } = await projects.resolve(project);
  const found = store.read((r) => r.specTasks.byNumber(id, Number(number)));
  if (found) return found;
  const newest = store.read((r) => r.specTasks.list({ projectId: id, archived: true }, afterAllIds, 5));
  throw notFound(
    ref,
    newest.map((task) => `#${task.number}`),
  );
}

function notFound(ref: string, suggestions: readonly string[]): Failure {
  return new Failure('NOT_FOUND', `There is no spec task "${ref}"; "coppice task list" shows them.`, {
    details: { entity: 'spec task', id: ref, suggestions },
  });
}
