import { window } from 'vscode';
import type { Attention } from '../../../../schemas/index.ts';
import type { App } from '../app.ts';
import { attentionText } from '../model/documents-text.ts';
import { plainLine } from '../model/plain.ts';

const answer = 'Answer';
const show = 'Show';

/** A work session waits for words of a human; they are its next prompt. */
export async function answerQuestion(app: App, attention: Attention, workSessionId: string): Promise<void> {
  const text = [attention.title, attention.detail].filter((part) => part !== undefined).join(': ');
  for (let choices = [answer, show]; ; choices = [answer]) {
    const chosen = await window.showWarningMessage(`coppice: ${plainLine(text)}`, ...choices);
    if (chosen !== show) return chosen === answer ? giveAnswer(app, attention, workSessionId) : undefined;
    await app.documents.show({ name: plainLine(attention.title, 60), text: attentionText(attention), language: 'plaintext' });
  }
}

async function giveAnswer(app: App, { title, detail }: Attention, id: string): Promise<void> {
  const words = await window.showInputBox({
    title: plainLine(title),
    prompt: plainLine(detail ?? 'What is it to do?'),
    ignoreFocusOut: true,
  });
  if (words === undefined || words.trim() === '') return;
  await app.client().workSession.answerHelp({ id, answer: words });
}
