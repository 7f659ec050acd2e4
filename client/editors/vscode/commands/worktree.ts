import { commands, Uri, window } from 'vscode';
import { everyPage } from '../../../cli/every-page.ts';
import type { App } from '../app.ts';
import { conflictsLine, conflictsText, diffText } from '../model/documents-text.ts';
import type { TreeNode } from '../model/node.ts';
import { plainLine } from '../model/plain.ts';
import { projectWith } from './pick.ts';

export async function openWorktree(app: App, called: TreeNode | undefined, forceNewWindow: boolean): Promise<void> {
  const found = await worktreeWith(app, called);
  if (found === undefined) return;
  const { path, status } = await app.client().worktree.get({ worktree: found.id });
  if (status !== 'present') return void window.showInformationMessage(`coppice: the worktree of ${found.name} is not there (${status}).`);
  await commands.executeCommand('vscode.openFolder', Uri.file(path), { forceNewWindow });
}

export async function showDiff(app: App, called: TreeNode | undefined): Promise<void> {
  const workSessionId = called?.ref.workSessionId;
  if (workSessionId !== undefined)
    return show(app, called?.label ?? '', await app.client().workSession.diff({ id: workSessionId, patch: true }));
  const found = await worktreeWith(app, called);
  if (found !== undefined) await show(app, found.name, await app.client().worktree.diff({ worktree: found.id, patch: true }));
}

async function show({ documents }: App, name: string, diff: Parameters<typeof diffText>[0]): Promise<void> {
  await documents.show({ name: `Changes of ${name}`, text: diffText(diff), language: 'diff' });
}

export async function predictConflicts(app: App, called: TreeNode | undefined): Promise<void> {
  const project = await projectWith(app, called?.ref);
  if (project === undefined) return;
  const found = await app.client().worktree.predictConflicts({ project });
  if (found.conflicts.length === 0) return void window.showInformationMessage(`coppice: ${conflictsLine(found)}`);
  await app.documents.show({ name: 'Predicted conflicts', text: conflictsText(found), language: 'plaintext' });
  void window.showWarningMessage(`coppice: ${conflictsLine(found)}`);
}

/** The one of a node, else one of all that are there, also of those that no session made. */
async function worktreeWith(app: App, called: TreeNode | undefined): Promise<{ id: string; name: string } | undefined> {
  if (called?.ref.worktreeId !== undefined) return { id: called.ref.worktreeId, name: called.label };
  const all = await everyPage((page) => app.client().worktree.list(page), 'worktrees');
  const present = all.filter(({ status }) => status === 'present');
  if (present.length === 0) return void window.showInformationMessage('coppice: there is no worktree.');
  const items = present.map(({ id, branch, path }) => ({ label: plainLine(branch), description: plainLine(path), id }));
  const picked = await window.showQuickPick(items, { placeHolder: 'Which worktree?', matchOnDescription: true });
  return picked && { id: picked.id, name: picked.label };
}
