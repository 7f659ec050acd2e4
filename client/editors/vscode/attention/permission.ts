// What an agent asks before it does something; its options are the buttons.
import { window } from 'vscode';
import type { Attention, Permission } from '../../../../schemas/index.ts';
import { everyPage } from '../../../cli/every-page.ts';
import type { App } from '../app.ts';
import { permissionButtons } from '../model/buttons.ts';
import { plainLine } from '../model/plain.ts';

export async function answerPermission(app: App, attention: Attention, id: string): Promise<void> {
  const client = app.client();
  const about = attention.specTaskId === undefined ? {} : { specTask: attention.specTaskId };
  const pending = await everyPage((page) => client.permission.list({ ...page, ...about, status: 'pending' }), 'permissions');
  const asked = pending.find((permission) => permission.id === id);
  if (asked === undefined) return void window.showInformationMessage(`coppice: answered already: ${plainLine(attention.title)}`);
  const buttons = permissionButtons(asked.options);
  const chosen = await window.showWarningMessage(question(app, asked), ...buttons.map(({ label }) => label));
  const button = buttons.find(({ label }) => label === chosen);
  if (button !== undefined) await app.client().permission.answer({ id, optionId: button.optionId });
}

function question({ world }: App, { title, workSessionId }: Permission): string {
  const who = workSessionId === undefined ? undefined : world.workSessions.get(workSessionId);
  return `coppice: ${who === undefined ? 'an agent' : `"${plainLine(who.name, 60)}"`} asks: ${plainLine(title)}`;
}
