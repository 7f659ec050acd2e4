import {
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  window,
} from 'vscode';
import type { TreeNode } from './model/node.ts';
import { treeOf } from './model/tree.ts';
import type { World } from './model/world.ts';

export interface CoppiceTree {
  readonly view: TreeView<TreeNode>;
  /** The world has changed. */
  refresh(): void;
  dispose(): void;
}

export function createTreeView(world: World): CoppiceTree {
  let roots: readonly TreeNode[] = [];
  let parents = new Map<string, TreeNode>();
  let shown = '';
  const changed = new EventEmitter<undefined>();
  const provider: TreeDataProvider<TreeNode> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => [...(node?.children ?? roots)],
    getTreeItem: itemOf,
    getParent: ({ id }) => parents.get(id),
  };
  const view = window.createTreeView('coppice.tree', { treeDataProvider: provider, showCollapseAll: true });
  return {
    view,
    refresh() {
      const next = treeOf(world);
      const text = JSON.stringify(next);
      // Most events change nothing of it, and a menu that is open is about nodes that a new tree replaces.
      if (text === shown) return;
      [roots, shown] = [next, text];
      parents = new Map(parentsIn(roots));
      const waiting = world.attention.size;
      view.badge = waiting === 0 ? undefined : { value: waiting, tooltip: `${waiting} wait for you` };
      changed.fire(undefined);
    },
    dispose() {
      view.dispose();
      changed.dispose();
    },
  };
}

function itemOf(node: TreeNode): TreeItem {
  const item = new TreeItem(node.label, collapse(node));
  item.id = node.id;
  item.description = node.description;
  item.tooltip = node.tooltip;
  item.iconPath = new ThemeIcon(node.icon.name, node.icon.colour === undefined ? undefined : new ThemeColor(node.icon.colour));
  item.contextValue = [node.kind, ...node.flags].join(' ');
  if (node.flags.includes('output')) item.command = { command: 'coppice.showOutput', title: 'Show Output', arguments: [node] };
  if (node.kind === 'attention') item.command = { command: 'coppice.attend', title: 'See to It', arguments: [node] };
  return item;
}

/** What may get children is open from the beginning: VS Code remembers how it was, and keeps closed what had none. */
function collapse({ kind, flags }: TreeNode): TreeItemCollapsibleState {
  if (kind === 'attention' || kind === 'workSession' || kind === 'session') return TreeItemCollapsibleState.None;
  const open = kind !== 'specTask' || flags.includes('live');
  return open ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
}

function* parentsIn(nodes: readonly TreeNode[]): Generator<[string, TreeNode]> {
  for (const node of nodes) {
    for (const child of node.children) yield [child.id, node];
    yield* parentsIn(node.children);
  }
}
