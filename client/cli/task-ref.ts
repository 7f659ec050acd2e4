// How the commands name spec tasks and work sessions: inside of one, it is meant unless another is named.
import type { ParamsOf } from '../../schemas/index.ts';
import type { Cli } from './context.ts';
import { UsageError } from './exit-codes.ts';

export const taskArgument = ['<task>', 'id, or number within the project'] as const;
export const workArgument = ['<work-session>', 'id of a work session, or id or slug of its session'] as const;
export const inProjectOption = [
  '-p, --project <project>',
  'the project of a number: id, name or path; default: the one of this directory',
] as const;

type TaskRef = Pick<ParamsOf<'specTask.get'>, 'id' | 'project'>;

/** A number is one of the project of the working directory, unless another is named. */
export function taskRef(cli: Cli, named: string | undefined, project: string | undefined): TaskRef {
  const id = named ?? cli.env.COPPICE_SPEC_TASK_ID;
  if (id === undefined || id === '') throw new UsageError('Say which spec task; "coppice task list" shows them.');
  if (!/^#?\d+$/.test(id)) return { id };
  return { id: id.startsWith('#') ? id : `#${id}`, project: project ?? cli.env.COPPICE_PROJECT_PATH ?? cli.cwd };
}

export function workRef(cli: Cli, named: string | undefined): string {
  const id = named ?? cli.env.COPPICE_WORK_SESSION_ID;
  if (id === undefined || id === '') throw new UsageError('Say which work session; "coppice work list" shows them.');
  return id;
}
