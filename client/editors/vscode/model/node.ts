// What stands in the tree. Nothing here knows VS Code; every text in it is ready to be shown.

export type NodeKind = 'waiting' | 'attention' | 'project' | 'specTask' | 'workSession' | 'session';

/** What a node is about, for the commands. */
export interface NodeRef {
  readonly projectId?: string | undefined;
  readonly specTaskId?: string | undefined;
  readonly workSessionId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly worktreeId?: string | undefined;
  readonly worktreePath?: string | undefined;
  readonly attentionId?: string | undefined;
}

export interface TreeNode {
  /** Unique in the tree and the same for as long as the thing is there. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: Icon;
  /** Words that menus ask for: live, terminal, worktree, output, review. */
  readonly flags: readonly string[];
  readonly ref: NodeRef;
  readonly children: readonly TreeNode[];
}

export interface Icon {
  /** Of the codicons. */
  readonly name: string;
  readonly colour?: string;
}

const green = 'testing.iconPassed';
const red = 'testing.iconFailed';
const blue = 'charts.blue';
const yellow = 'charts.yellow';

const running: Icon = { name: 'sync', colour: blue };
const succeeded: Icon = { name: 'pass', colour: green };
const failed: Icon = { name: 'error', colour: red };
const waits: Icon = { name: 'bell-dot', colour: yellow };
const idle: Icon = { name: 'circle-outline' };

const icons: Readonly<Record<string, Icon>> = {
  preparing: running,
  running,
  active: running,
  spec_generation: running,
  spec_revision: running,
  implementation: running,
  succeeded,
  completed: succeeded,
  done: succeeded,
  spec_approved: succeeded,
  failed,
  lost: failed,
  spec_failed: failed,
  implementation_failed: failed,
  cancelled: { name: 'circle-slash' },
  waiting: waits,
  blocked: waits,
  spec_review: waits,
  implementation_review: waits,
};

export function iconOf(status: string, waitsForHuman = false): Icon {
  return waitsForHuman ? waits : (icons[status] ?? idle);
}

export const plainIcons = { waiting: waits, project: { name: 'repo' } } as const satisfies Record<string, Icon>;
