// Sees to one thing that waits: says what it is, with what can be done about it as buttons.
import { window } from 'vscode';
import type { Attention } from '../../../../schemas/index.ts';
import type { App } from '../app.ts';
import { attentionText } from '../model/documents-text.ts';
import { plainLine } from '../model/plain.ts';
import { answerPermission } from './permission.ts';
import { answerQuestion } from './question.ts';
import { reviewPlan } from './review.ts';

export async function attend(app: App, attention: Attention): Promise<void> {
  const { kind, specTaskId, workSessionId, refId } = attention;
  if (kind === 'review' && specTaskId !== undefined) return reviewPlan(app, specTaskId);
  if (kind === 'permission' && refId !== undefined) return answerPermission(app, attention, refId);
  if (kind === 'question' && workSessionId !== undefined) return answerQuestion(app, attention, workSessionId);
  return tell(app, attention);
}

async function tell(app: App, attention: Attention): Promise<void> {
  const chosen = await window.showWarningMessage(`coppice: ${plainLine(attention.title)}`, 'Show', 'Take off the List');
  if (chosen === 'Show')
    await app.documents.show({ name: plainLine(attention.title, 60), text: attentionText(attention), language: 'plaintext' });
  else if (chosen !== undefined) await app.client().attention.clear({ id: attention.id });
}
