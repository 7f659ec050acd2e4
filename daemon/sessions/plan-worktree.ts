// The worktree that a command will have, found out before anything of it exists.
import { baseFor, branchFor, ownBranch, placeFor, reusesExisting, takesExistingBranch } from '../commands/branch.ts';
import type { CommandDefinition } from '../commands/definition.ts';
import { createLookup } from '../commands/template.ts';
import type { Clock } from '../kernel/clock.ts';
import { isoTime } from '../kernel/clock.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { Git } from '../tools/git/git.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import { branchTaken, worktreeTaken } from '../worktrees/taken.ts';
import { slug } from './paths.ts';
import { assertUnused } from './reuse-worktree.ts';

export interface PlannedWorktree {
  readonly branch: string;
  readonly base?: string;
  /** The command names no branch: should this one be taken, it gets a number. */
  readonly isOwnName: boolean;
  /** A branch or worktree that is there already is taken as it stands. */
  readonly reuses: boolean;
}

export interface PlanWorktreeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly git: Git;
  readonly worktrees: Pick<WorktreeService, 'placeOf'>;
}

interface Wanted {
  readonly project: ProjectRecord;
  readonly definition: CommandDefinition;
  readonly values: Readonly<Record<string, unknown>>;
  /** The branch of a worktree to go on in. */
  readonly goesOnIn: string | undefined;
}

/** What only a session knows, in a text that says so. */
const unknown = '…';

export async function planWorktree(deps: PlanWorktreeDeps, { project, definition, values, goesOnIn }: Wanted): Promise<PlannedWorktree> {
  const { git, clock, worktrees } = deps;
  const { name } = definition;
  const sessionName = `${slug(name)}-${unknown}`;
  const known = { project: project.name, project_path: project.path, command_name: name, timestamp: isoTime(clock.now()) };
  const lookupWith = (more: Readonly<Record<string, string>>) =>
    createLookup({
      arguments: values,
      declared: definition.arguments.map((argument) => argument.name),
      variables: { ...known, session_id: `ses_${unknown}`, session_name: sessionName, artifact_dir: unknown, user: unknown, ...more },
      data: goesOnIn === undefined ? {} : { branch_name: goesOnIn },
    });
  const lookup = lookupWith({});
  const named = branchFor(definition, lookup);
  const branch = named ?? ownBranch(name, new Date(clock.now()));
  const base = baseFor(definition, lookup);
  const reuses = reusesExisting(definition, lookup);
  const place = placeFor(definition, lookupWith({ branch }));
  await git.checkBranchName(branch);
  if (base !== undefined) await git.resolveCommit(repositoryOf(project), base);
  if (place !== undefined) worktrees.placeOf(project, place);
  return { branch, isOwnName: named === undefined, reuses, ...(base === undefined ? {} : { base }) };
}

/** What would surely fail later is said now. */
export async function checkFree(
  { store, git }: PlanWorktreeDeps,
  project: ProjectRecord,
  definition: CommandDefinition,
  plan: PlannedWorktree,
) {
  const { branch, base, isOwnName, reuses } = plan;
  if (isOwnName) return;
  const worktree = store.read((r) => r.worktrees.byProjectAndBranch(project.id, branch));
  if (worktree && reuses) return assertUnused(store, worktree);
  if (worktree) throw worktreeTaken(worktree);
  const takesExisting = reuses || (takesExistingBranch(definition) && base === undefined);
  const isFree = takesExisting || !(await git.branchExists(repositoryOf(project), branch));
  if (!isFree) throw branchTaken(project, branch);
}
