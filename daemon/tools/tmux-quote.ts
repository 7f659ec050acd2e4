// How an argument is written in a line of tmux's control protocol.
import { Failure } from '../../schemas/errors.ts';

/** One argument, taken literally by tmux whatever it holds. A line break becomes an escape, as a real one would end the command. */
export function tmuxQuote(argument: string): string {
  if (argument.includes('\0')) throw new Failure('INVALID_PARAMS', 'A NUL byte cannot be sent to a terminal; remove it.');
  // Between single quotes tmux expands nothing; a quote and a line break are put in between, double-quoted.
  return `'${argument.replace(/['\n\r]/g, (special) => `'${special === "'" ? `"'"` : special === '\n' ? '"\\n"' : '"\\r"'}'`)}'`;
}

/** Several commands as one line: the server runs them with nothing in between. */
export function tmuxLine(commands: readonly (readonly string[])[]): string {
  return commands.map(([name = '', ...args]) => [name, ...args.map(tmuxQuote)].join(' ')).join(' ; ');
}
