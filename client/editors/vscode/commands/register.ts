// The commands by their names in package.json. What goes wrong in one is told, in a sentence.
import { commands, type Disposable } from 'vscode';
import { type App, tellError } from '../app.ts';
import type { TreeNode } from '../model/node.ts';
import { attach, cancel, showOutput } from './session.ts';
import { startCommand } from './start-command.ts';
import { reviewPlanOf, seeToWhatWaits } from './waiting.ts';
import { openWorktree, predictConflicts, showDiff } from './worktree.ts';

type Command = (app: App, node: TreeNode | undefined) => Promise<void>;

const all: Readonly<Record<string, Command>> = {
  startCommand,
  cancel,
  attach,
  showOutput,
  openWorktree: (app, node) => openWorktree(app, node, false),
  openWorktreeInNewWindow: (app, node) => openWorktree(app, node, true),
  showDiff,
  predictConflicts,
  attend: seeToWhatWaits,
  reviewPlan: reviewPlanOf,
  showView: async () => void (await commands.executeCommand('workbench.view.extension.coppice')),
  showEvents: async ({ log }) => log.show(),
};

export function registerCommands(app: App, refresh: () => void): Disposable[] {
  const registered = Object.entries(all).map(([name, run]) =>
    commands.registerCommand(`coppice.${name}`, async (node?: TreeNode) => {
      try {
        await run(app, node);
      } catch (error) {
        tellError(app, error);
      }
    }),
  );
  return [...registered, commands.registerCommand('coppice.refresh', refresh)];
}
