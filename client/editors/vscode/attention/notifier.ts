// Tells of what waits, each thing once. What has piled up meanwhile is told as one.
import { commands, window } from 'vscode';
import { type App, inBackground } from '../app.ts';
import { attend } from './attend.ts';

const mostAtOnce = 3;

export interface Notifier {
  /** The world has changed. */
  look(): void;
}

export function createNotifier(app: App): Notifier {
  const told = new Set<string>();
  return {
    look() {
      const open = app.world.attention;
      for (const id of told) if (!open.has(id)) told.delete(id);
      const news = [...open.values()].filter(({ id }) => !told.has(id));
      for (const { id } of news) told.add(id);
      if (news.length > mostAtOnce) inBackground(app, summary(news.length));
      else for (const attention of news) inBackground(app, attend(app, attention));
    },
  };
}

async function summary(count: number): Promise<void> {
  const chosen = await window.showInformationMessage(`coppice: ${count} things wait for you.`, 'Show');
  if (chosen !== undefined) await commands.executeCommand('coppice.showView');
}
