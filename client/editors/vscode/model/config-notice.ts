// What an event of the configuration means for whoever looks at the editor.
import type { StreamItem } from '../../../index.ts';
import { plainLine } from './plain.ts';

export interface ConfigNotice {
  /** info passes by in the status bar; the others stay until they are closed. */
  readonly level: 'info' | 'notice' | 'warning';
  readonly text: string;
}

export function configNotice(item: StreamItem): ConfigNotice | undefined {
  switch (item.type) {
    case 'config.fileChanged':
      return info(`coppice: "${item.data.path}" changed.`);
    case 'config.deferred':
      return info(`coppice: the new configuration waits until no session runs (${keys(item.data.changedKeys)}).`);
    case 'config.reloaded': {
      const { changedKeys, restartRequired, newVersion } = item.data;
      const text = `coppice: configuration ${newVersion} is in force (${keys(changedKeys)}).`;
      if (restartRequired.length === 0) return info(text);
      return { level: 'notice', text: plainLine(`${text} Restart the daemon for ${keys(restartRequired)}.`) };
    }
    case 'config.reloadFailed': {
      const { errors } = item.data;
      const [first] = errors;
      const where = first?.path === undefined ? '' : `${first.path}${first.line === undefined ? '' : `:${first.line}`}: `;
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
      const text = `coppice: the configuration is wrong, so the former one stays in force: ${where}${first?.message ?? ''}${more}`;
      return { level: 'warning', text: plainLine(text) };
    }
    default:
      return undefined;
  }
}

const shownKeys = 5;

function info(text: string): ConfigNotice {
  return { level: 'info', text: plainLine(text) };
}

function keys(all: readonly string[]): string {
  if (all.length === 0) return 'nothing changed';
  return all.length <= shownKeys ? all.join(', ') : `${all.slice(0, shownKeys).join(', ')} and ${all.length - shownKeys} more`;
}
