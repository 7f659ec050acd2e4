// What clients can do with spec tasks up to the approved plan, and what they can look at. Each method reads, decides and writes.
import type { ResultOf } from '../../schemas/contract.ts';
import type { Progress, Revision, SpecTask } from '../../schemas/spec-task.ts';
import type { Origin } from '../kernel/origin.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { type Comments, createComments, noRevision } from './comments.ts';
import { type CreateDeps, type CreateRequest, createSpecTask } from './creating.ts';
import { approve, type DecideDeps, requestChanges } from './deciding.ts';
import { type EditRequest, editSpecTask } from './editing.ts';
import { progressOfTask } from './progress-of-task.ts';
import { resolveSpecTask } from './resolve.ts';
import type { NewRevision } from './revisions.ts';
import { type StartTaskDeps, startSpecTask } from './starting.ts';
import { type SubmitDeps, submitSpecs } from './submitting.ts';
import { freshSpecTask } from './transition.ts';
import { revisionView, specTaskView } from './view.ts';

export interface SpecTaskService {
  /** By id, or by number within a project. Throws NOT_FOUND. */
  resolve(ref: string, project?: string): Promise<SpecTaskRecord>;
  create(request: CreateRequest, origin: Origin): Promise<SpecTask>;
  list(
    filter: { readonly projectId?: string; readonly statuses?: readonly SpecTask['status'][]; readonly archived: boolean },
    cursor: string | undefined,
    limit: number,
  ): ResultOf<'specTask.list'>;
  edit(task: SpecTaskRecord, request: EditRequest, origin: Origin): Promise<SpecTask>;
  start(task: SpecTaskRecord, ifVersion: number | undefined, origin: Origin): Promise<SpecTask>;
  submit(task: SpecTaskRecord, revision: NewRevision, origin: Origin): Promise<Revision>;
  /** The newest, without a number. Throws NOT_FOUND. */
  specs(task: SpecTaskRecord, revision: number | undefined): Revision;
  revisions(task: SpecTaskRecord): readonly Revision[];
  approve(task: SpecTaskRecord, revision: number, origin: Origin): Promise<SpecTask>;
  requestChanges(task: SpecTaskRecord, wanted: { revision: number; comment?: string | undefined }, origin: Origin): Promise<SpecTask>;
  readonly comments: Comments;
  progress(task: SpecTaskRecord): Progress;
}

export type SpecTaskServiceDeps = CreateDeps & DecideDeps & StartTaskDeps & SubmitDeps;

export function createSpecTaskService(deps: SpecTaskServiceDeps): SpecTaskService {
  const { store } = deps;
  const resolve: SpecTaskService['resolve'] = (ref, project) => resolveSpecTask(deps, ref, project);
  return {
    resolve,
    create: (request, origin) => createSpecTask(deps, request, origin),
    list(filter, cursor, limit) {
      const page = pageOf(
        store.read((r) => r.specTasks.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { specTasks: page.rows.map(specTaskView), ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
    edit: (task, request, origin) =>
      editSpecTask({ ...deps, resolveId: async (ref, projectId) => (await resolve(ref, projectId)).id }, task, request, origin),
    start: (task, ifVersion, origin) => startSpecTask(deps, task, ifVersion, origin),
    submit: (task, revision, origin) => submitSpecs(deps, task, revision, origin),
    specs(task, number) {
      const found = store.read((r) => (number === undefined ? r.reviews.newest(task.id) : r.reviews.revision(task.id, number)));
      if (!found) throw noRevision(task, number ?? 1);
      return revisionView(found);
    },
    revisions: (task) => store.read((r) => r.reviews.revisions(task.id)).map(revisionView),
    approve: (task, revision, origin) => approve(deps, task, revision, origin),
    requestChanges: (task, wanted, origin) => requestChanges(deps, task, wanted, origin),
    comments: createComments(deps),
    progress: (task) => store.read((r) => progressOfTask(r, freshSpecTask(r, task.id))),
  };
}
