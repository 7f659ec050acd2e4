import type { App } from '../app.ts';
import { attend } from '../attention/attend.ts';
import { reviewPlan } from '../attention/review.ts';
import type { TreeNode } from '../model/node.ts';
import { nodeWith } from './pick.ts';

export async function seeToWhatWaits(app: App, called: TreeNode | undefined): Promise<void> {
  const node = await nodeWith(app, 'attention', called, 'thing that waits for you');
  const attention = node?.ref.attentionId === undefined ? undefined : app.world.attention.get(node.ref.attentionId);
  if (attention !== undefined) await attend(app, attention);
}

export async function reviewPlanOf(app: App, called: TreeNode | undefined): Promise<void> {
  const node = await nodeWith(app, 'review', called, 'plan that waits for a review');
  if (node?.ref.specTaskId !== undefined) await reviewPlan(app, node.ref.specTaskId);
}
