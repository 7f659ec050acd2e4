import { Failure } from '../../schemas/errors.ts';
import type { CommandDefinition } from './definition.ts';
import { worktreeSteps } from './kind.ts';
import { renderTemplate, type TemplateLookup } from './template.ts';

/**
 * The branch of the worktree: what the first step that makes one says, else the shared data's `branch_name`, else the worktree block; undefined
 * when nobody says. Empty text counts as not said. Whether git likes the name is for the worktree to find out.
 */
export function branchFor(definition: CommandDefinition, lookup: TemplateLookup): string | undefined {
  const shared = lookup.get('data.branch_name');
  return (
    fromStep(definition, lookup, ['branch', 'branch_name'], 'name') ??
    filled(typeof shared === 'string' ? shared : undefined) ??
    rendered(definition.worktree.branch, lookup)
  );
}

/** A name of its own, for a command that names no branch. `number`: from the second one of the same second on. */
export function ownBranch(commandName: string, now: Date, number = 1): string {
  const name = `pj-${commandName.replace(/\.{2,}/g, '.')}-${stamp(now)}`;
  return number === 1 ? name : `${name}-${number}`;
}

/** Where the worktree goes, when the command says so. */
export function placeFor(definition: CommandDefinition, lookup: TemplateLookup): string | undefined {
  return rendered(definition.worktree.path, lookup);
}

/** A command that is about going on with a branch takes one that exists; any other makes a new one. */
export function takesExistingBranch(definition: CommandDefinition): boolean {
  return definition.steps.some(({ type, action }) => type === 'builtin' && action === 'start-worktree-session');
}

/** Is a branch or worktree that is there already taken as it stands? The block of the command or the step that makes one says so. */
export function reusesExisting(definition: CommandDefinition, lookup: TemplateLookup): boolean {
  const own = fromStep(definition, lookup, ['existing'], 'existing') ?? 'refuse';
  if (own === 'reuse' || own === 'refuse') return own === 'reuse' || definition.worktree.existing === 'reuse';
  throw new Failure('COMMAND_INVALID', `"existing" of the worktree must be refuse or reuse, not "${own}".`);
}

/** What the branch begins at; undefined: the default branch of the repository. */
export function baseFor(definition: CommandDefinition, lookup: TemplateLookup): string | undefined {
  return fromStep(definition, lookup, ['base', 'base_branch'], 'base_branch') ?? rendered(definition.worktree.base, lookup);
}

/** `start-worktree-session` also listens to the argument of the command that PruneJuice's had. */
function fromStep(definition: CommandDefinition, lookup: TemplateLookup, keys: readonly string[], argument: string): string | undefined {
  const step = definition.steps.find(({ type, action }) => type === 'builtin' && worktreeSteps.includes(action));
  if (step === undefined) return undefined;
  const wholeSession = step.action === 'start-worktree-session';
  for (const key of wholeSession ? [...keys, argument] : keys) {
    const given = Object.hasOwn(step.args, key) ? step.args[key] : undefined;
    const text = given === undefined || given === null ? undefined : rendered(String(given), lookup);
    if (text !== undefined) return text;
  }
  if (!wholeSession || !definition.arguments.some(({ name }) => name === argument)) return undefined;
  const value = lookup.get(argument);
  return typeof value === 'string' ? filled(value) : undefined;
}

function rendered(text: string | undefined, lookup: TemplateLookup): string | undefined {
  return text === undefined ? undefined : filled(renderTemplate(text, lookup));
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** yyyymmdd-hhmmss, UTC. */
function stamp(now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
