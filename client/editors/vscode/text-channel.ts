// An output channel that keeps no more than a bound: beyond it the older half is given up.
import { type OutputChannel, window } from 'vscode';
import { plainText } from './model/plain.ts';

export interface TextChannel {
  /** Sanitised text as it is. */
  append(text: string): void;
  /** Foreign text, on lines of its own. */
  lines(text: string): void;
  clear(): void;
  show(): void;
  dispose(): void;
}

const mostCharacters = 1_000_000;

export function createTextChannel(name: string): TextChannel {
  const channel: OutputChannel = window.createOutputChannel(name);
  let kept = '';
  const append = (text: string): void => {
    kept += text;
    if (kept.length <= mostCharacters) {
      channel.append(text);
      return;
    }
    const half = kept.slice(-mostCharacters / 2);
    kept = `(what came before is not kept here)\n${half.slice(half.indexOf('\n') + 1)}`;
    channel.replace(kept);
  };
  return {
    append,
    lines: (text) => append(`${kept === '' || kept.endsWith('\n') ? '' : '\n'}${plainText(text).trimEnd()}\n`),
    clear() {
      kept = '';
      channel.clear();
    },
    show: () => channel.show(true),
    dispose: () => channel.dispose(),
  };
}
