import type { CommandDefinition } from './definition.ts';
import { worktreeSteps } from './kind.ts';
import { renderTemplate, type TemplateLookup } from './template.ts';

/**
 * The branch of the worktree: what the first step that makes one says, else the shared data's `branch_name`, else the worktree block, else a
 * name of its own. Empty text counts as not said. Whether git likes the name is for the worktree to find out.
 */
export function branchFor(definition: CommandDefinition, lookup: TemplateLookup, now: Date): string {
  const shared = lookup.get('data.branch_name');
  return (
    fromStep(definition, lookup, ['branch', 'branch_name'], 'name') ??
    filled(typeof shared === 'string' ? shared : undefined) ??
    rendered(definition.worktree.branch, lookup) ??
    `pj-${definition.name}-${stamp(now)}`
  );
}

/** A command that is about going on with a branch takes one that exists; any other makes a new one. */
export function takesExistingBranch(definition: CommandDefinition): boolean {
  return definition.steps.some(({ type, action }) => type === 'builtin' && action === 'start-worktree-session');
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
