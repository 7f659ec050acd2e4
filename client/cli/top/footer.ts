import { type Line, span } from './line.ts';
import type { Ui } from './ui.ts';

/** The message line, and what the keys do here. */
export function footerOf(ui: Ui, columns: number): Line[] {
  return [{ spans: [messageOf(ui)] }, { spans: [span(keysOf(ui, columns), 'dim')] }];
}

function messageOf({ screen, notice, filter }: Ui) {
  if (screen.kind === 'filter') return span(`/${filter}_`);
  if (screen.kind === 'confirm') return span(`Cancel ${screen.target.name}? y cancels, any other key does not.`, 'yellow');
  if (notice !== undefined) return span(notice.text, notice.tone);
  return span(filter === '' || screen.kind !== 'list' ? '' : `Only what has "${filter}" in it; Esc shows all.`, 'dim');
}

function keysOf({ screen }: Ui, columns: number): string {
  switch (screen.kind) {
    case 'list':
      return columns < 78
        ? 'Enter open  a attach  / filter  ? help  q quit'
        : 'Enter open  a attach  o output  r answer  c cancel  / filter  ? help  q quit';
    case 'filter':
      return 'Enter keeps the filter, Esc drops it';
    case 'plan':
      return `${screen.title}, revision ${screen.revision}:${screen.inReview ? ' a approves it and starts the work,' : ''} Esc goes back`;
    case 'output':
      return `${screen.title}${screen.ended ? ' (ended)' : ''}: up and down look back${screen.top === undefined ? '' : ', G to the end'}, Esc goes back`;
    case 'permission':
      return 'a digit or Enter answers, Esc goes back';
    case 'question':
      return 'Enter sends the answer, Esc goes back';
    case 'help':
      return 'Esc goes back';
    case 'confirm':
      return '';
  }
}
