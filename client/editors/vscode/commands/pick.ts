// What a command is about: the node it was called on, or one that is picked.
import { window } from 'vscode';
import type { App } from '../app.ts';
import type { NodeRef, TreeNode } from '../model/node.ts';
import { treeOf } from '../model/tree.ts';

/** A node that has the flag. Undefined when nothing was picked. */
export async function nodeWith(app: App, flag: string, node: TreeNode | undefined, what: string): Promise<TreeNode | undefined> {
  if (node !== undefined) return node;
  const candidates = [...allNodes(treeOf(app.world))].filter(({ flags }) => flags.includes(flag));
  if (candidates.length === 0) return void window.showInformationMessage(`coppice: there is no ${what}.`);
  const items = candidates.map((candidate) => ({ label: candidate.label, description: candidate.description, candidate }));
  return (await window.showQuickPick(items, { placeHolder: `Which ${what}?`, matchOnDescription: true }))?.candidate;
}

function* allNodes(nodes: readonly TreeNode[]): Generator<TreeNode> {
  for (const node of nodes) {
    yield node;
    yield* allNodes(node.children);
  }
}

/** The id of the project of a node, else the only one there is, else one that is picked. */
export async function projectWith(app: App, ref: NodeRef | undefined): Promise<string | undefined> {
  if (ref?.projectId !== undefined) return ref.projectId;
  const projects = treeOf(app.world).filter(({ kind }) => kind === 'project');
  if (projects.length === 0) return void window.showInformationMessage('coppice: there is no project; open the folder of a repository.');
  if (projects.length === 1) return projects[0]?.id;
  const items = projects.map(({ id, label, tooltip }) => ({ label, description: tooltip, id }));
  return (await window.showQuickPick(items, { placeHolder: 'In which project?' }))?.id;
}
