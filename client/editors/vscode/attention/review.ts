// A plan that waits: what is shown, and then approved or sent back, is one exact revision.
import { window } from 'vscode';
import type { Revision, SpecTask } from '../../../../schemas/index.ts';
import type { App } from '../app.ts';
import { planText } from '../model/documents-text.ts';
import { plainLine } from '../model/plain.ts';

const show = 'Show Plan';
const approve = 'Approve';
const change = 'Request Changes';

export async function reviewPlan(app: App, id: string): Promise<void> {
  const client = app.client();
  const [task, revision] = await Promise.all([client.specTask.get({ id }), client.specTask.getSpecs({ id })]);
  const about = `revision ${revision.number} of the plan of #${task.number} ${plainLine(task.name, 80)}`;
  if (task.status !== 'spec_review') return void window.showInformationMessage(`coppice: ${about} waits for nobody (${task.status}).`);
  for (let choices = [show, approve, change]; ; choices = [approve, change]) {
    const chosen = await window.showInformationMessage(`coppice: review ${about}`, ...choices);
    if (chosen === approve) return approveRevision(app, task, revision, about);
    if (chosen === change) return requestChanges(app, task, revision, about);
    if (chosen !== show) return;
    await app.documents.show({
      name: `Plan of #${task.number}, revision ${revision.number}`,
      text: planText(task, revision),
      language: 'plaintext',
    });
  }
}

/** As `coppice task approve`: what is approved is carried out. */
async function approveRevision({ client }: App, { id }: SpecTask, { number }: Revision, about: string): Promise<void> {
  const approved = await client().specTask.approve({ id, revision: number });
  const begins = approved.status === 'spec_approved';
  if (begins) await client().specTask.startImplementation({ id, revision: number });
  void window.showInformationMessage(
    begins ? `coppice: approved ${about}; the work begins.` : `coppice: approved ${about} (${approved.status}).`,
  );
}

async function requestChanges({ client }: App, { id }: SpecTask, { number }: Revision, about: string): Promise<void> {
  const comment = await window.showInputBox({
    title: `Request changes: ${about}`,
    prompt: 'What is to change? Empty sends the open comments alone.',
    ignoreFocusOut: true,
  });
  if (comment === undefined) return;
  await client().specTask.requestChanges({ id, revision: number, ...(comment.trim() === '' ? {} : { comment }) });
  void window.showInformationMessage(`coppice: sent back ${about}.`);
}
