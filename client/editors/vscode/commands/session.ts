// What is done with one session, work session or spec task.
import { window } from 'vscode';
import { everyPage } from '../../../cli/every-page.ts';
import type { App } from '../app.ts';
import type { TreeNode } from '../model/node.ts';
import { plainLine } from '../model/plain.ts';
import { nodeWith } from './pick.ts';

export async function cancel(app: App, called: TreeNode | undefined): Promise<void> {
  const node = await nodeWith(app, 'live', called, 'session or spec task that has not ended');
  if (node === undefined) return;
  const chosen = await window.showWarningMessage(`coppice: cancel ${node.label}? What runs for it ends.`, { modal: true }, 'Cancel It');
  if (chosen === undefined) return;
  const client = app.client();
  const { sessionId, workSessionId, specTaskId } = node.ref;
  if (node.kind === 'specTask' && specTaskId !== undefined) await client.specTask.cancel({ id: specTaskId });
  else if (workSessionId !== undefined) await client.workSession.cancel({ id: workSessionId });
  else if (sessionId !== undefined) await client.session.cancel({ id: sessionId });
}

export async function attach(app: App, called: TreeNode | undefined): Promise<void> {
  const found = called === undefined ? await pickTerminal(app) : await terminalOf(app, called);
  if (found === undefined) return;
  const [shellPath = '', ...shellArgs] = found.argv;
  // An editor that was started inside of tmux hands its own on, and tmux refuses to be started in itself.
  window.createTerminal({ name: found.name, shellPath, shellArgs, env: { TMUX: null } }).show();
}

interface Attachable {
  readonly name: string;
  readonly argv: readonly string[];
}

async function terminalOf(app: App, { label, ref: { workSessionId, sessionId = '' } }: TreeNode): Promise<Attachable> {
  const client = app.client();
  const { argv } =
    workSessionId === undefined ? await client.session.attach({ id: sessionId }) : await client.workSession.attach({ id: workSessionId });
  return { name: label, argv };
}

/** Of all that are live, those without a session too. */
async function pickTerminal(app: App): Promise<Attachable | undefined> {
  const terminals = await everyPage((page) => app.client().terminal.list(page), 'terminals');
  if (terminals.length === 0) return void window.showInformationMessage('coppice: there is no live terminal.');
  const items = terminals.map(({ id, name, cwd }) => ({ label: plainLine(name), description: plainLine(cwd), id }));
  const picked = await window.showQuickPick(items, { placeHolder: 'Which terminal?', matchOnDescription: true });
  return picked && { name: picked.label, argv: (await app.client().terminal.attach({ terminal: picked.id })).argv };
}

export async function showOutput(app: App, called: TreeNode | undefined): Promise<void> {
  const node = await nodeWith(app, 'output', called, 'session');
  if (node?.ref.sessionId === undefined) return;
  app.output.follow(app.client(), node.ref.sessionId);
  app.output.show();
}
