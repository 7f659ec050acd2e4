import { StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import { countsOf, type World } from './model/world.ts';

export type LinkState = 'connecting' | 'connected' | 'away';

export interface StatusBar {
  /** `why` it is away. */
  show(state: LinkState, why?: string): void;
  dispose(): void;
}

export function createStatusBar(world: World): StatusBar {
  const item: StatusBarItem = window.createStatusBarItem('coppice.status', StatusBarAlignment.Left, 10);
  item.name = 'coppice';
  item.command = 'coppice.showView';
  const render = (state: LinkState, why = ''): void => {
    if (state !== 'connected') {
      item.text = state === 'away' ? '$(debug-disconnect) coppice: not connected' : '$(sync~spin) coppice';
      item.tooltip = state === 'away' ? `${why} It is tried again by itself.` : 'Looking for the daemon';
      item.backgroundColor = undefined;
      return;
    }
    const { running, queued, attention } = countsOf(world);
    item.text = `$(run-all) ${running} running $(bell) ${attention} waiting`;
    item.tooltip = `coppice: ${running} sessions run, ${queued} are queued, ${attention} things wait for you`;
    item.backgroundColor = attention === 0 ? undefined : new ThemeColor('statusBarItem.warningBackground');
  };
  render('connecting');
  item.show();
  return { show: render, dispose: () => item.dispose() };
}
