// The log of a pane: tmux feeds a program with every byte it reads, and that program (log-pane.pl) knows the end.
import { shellWord } from '../kernel/shell-word.ts';
import type { TmuxCommand } from './tmux-control.ts';

/** To run in one line with the command that made the pane: the server reads nothing of the pane in between, so no byte is missed. */
export function logCommands(target: string, { argv, path }: { readonly argv: readonly string[]; readonly path: string }): TmuxCommand[] {
  const script = `umask 077; exec ${argv.map(shellWord).join(' ')} >>${shellWord(path)}`;
  // tmux expands the command of a pipe, but not the value of an option within it.
  return [
    ['set-option', '-g', '@coppice_pipe', script],
    ['pipe-pane', '-t', target, '#{@coppice_pipe}'],
  ];
}
