// What a new worktree gets beyond its checkout: untracked files of the main one, an MCP configuration, and the user's hook.
import type { CopyRule } from '../../schemas/copy-rule.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { OtherPath } from '../tools/git/others.ts';
import { type Copied, copyItems } from './copy-files.ts';
import { type CopyItem, planCopies } from './copy-plan.ts';
import type { Hooks } from './hooks.ts';

import { activateMcpTemplate } from './mcp-template.ts';

export interface FurnishWishes {
  /** Of the command; they come before those of the configuration. */
  readonly copy?: readonly CopyRule[] | undefined;
  readonly mcpTemplate?: string | undefined;
}

/** Begun when a worktree is asked for and not when its turn comes, so that looking for files costs no time of its own. */
export interface Furnishing {
  finish(worktree: WorktreeRecord): Promise<void>;
}

export interface FurnishDeps {
  readonly git: Git;
  /** What is untracked in a main checkout. */
  readonly others: (checkout: string) => Promise<readonly OtherPath[]>;
  readonly log: Log;
  readonly hooks: Hooks;
  readonly copyRules: () => readonly CopyRule[];
}

export function beginFurnishing(
  { git, others, log, hooks, copyRules }: FurnishDeps,
  project: ProjectRecord,
  wishes: FurnishWishes,
): Furnishing {
  const rules = [...(wishes.copy ?? []), ...copyRules()];
  const planned = others(project.path).then((found) => planCopies(project.path, found, rules));
  // Whoever never comes to ask must not bring the daemon down.
  planned.catch(() => {});

  const copyIn = async (place: { checkout: string; worktree: string }): Promise<readonly string[]> => {
    const items = await planned;
    const copied = items.length === 0 ? { paths: [], refused: [] } : await copyItems(place, items);
    for (const rule of rules.filter(({ required }) => required)) await checkRequired(git, place, rule, items, copied);
    for (const { item, why } of copied.refused) log.warn({ worktree: place.worktree }, `"${item.path}" was not copied: ${why}`);
    return copied.paths;
  };
  return {
    async finish(worktree) {
      const place = { checkout: project.path, worktree: worktree.path };
      const hidden = [...(await copyIn(place))];
      if (wishes.mcpTemplate !== undefined) {
        const { path, replaced } = await activateMcpTemplate(place, wishes.mcpTemplate);
        if (!replaced || hidden.includes(path)) hidden.push(path);
        else await git.hideChange(worktree.path, path);
      }
      await git.hideUntracked(worktree.path, [...new Set(hidden)]);
      const { id: worktreeId, branch, sessionId } = worktree;
      await hooks.run('post_create', {
        ...{ worktreePath: worktree.path, worktreeId, branch, sessionId },
        ...{ projectId: project.id, projectPath: project.path },
      });
    },
  };
}

async function checkRequired(
  git: Git,
  place: { checkout: string; worktree: string },
  rule: CopyRule,
  items: readonly CopyItem[],
  copied: Copied,
): Promise<void> {
  const refused = copied.refused.find(({ item }) => item.rule === rule);
  if (!refused && items.some((item) => item.rule === rule)) return;
  // What is tracked came with the checkout.
  if (!refused && (await git.hasTracked(place.worktree, rule.pattern))) return;
  const what = refused ? `"${refused.item.path}" cannot be copied: ${refused.why}` : `no file of "${place.checkout}" matches it`;
  throw new Failure('PRECONDITION', `The worktree needs "${rule.pattern}", but ${what}; put the file there, or take "required" away.`, {
    details: { reason: 'copy_required', pattern: rule.pattern },
  });
}
