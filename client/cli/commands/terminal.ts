import type { Command } from 'commander';
import type { Terminal } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import { statusCell } from '../output.ts';
import { age } from '../text.ts';

const argument = ['<terminal>', 'id or name, or the id or slug of its session'] as const;
const windowOption = ['-w, --window <id>', 'a window of it, like @3; default: the active one'] as const;

interface CaptureOptions {
  history: number;
  colours?: boolean;
  window?: string;
}

export function register(program: Command, cli: Cli): void {
  const terminal = program.command('terminal').description('list, read, type into and end terminals');
  terminal
    .command('list')
    .description('list live terminals, newest first')
    .option('-a, --all', 'those that ended, too')
    .action((options: { all?: boolean }) => list(cli, options.all ?? false));
  terminal
    .command('capture')
    .description('print the text on the screen of a terminal')
    .argument(...argument)
    .option('--history <lines>', 'lines from above the screen', wholeNumber('--history', 0), 0)
    .option('--colours', 'keep escape sequences for colour and style')
    .option(...windowOption)
    .action((ref: string, options: CaptureOptions) => capture(cli, ref, options));
  terminal
    .command('send')
    .description('type text into a terminal')
    .argument(...argument)
    .argument('<text...>', 'the text; "-" reads it from stdin')
    .option('--no-enter', 'do not press Enter after it')
    .option(...windowOption)
    .action((ref: string, words: string[], options: { enter: boolean; window?: string }) => send(cli, ref, words, options));
  terminal
    .command('kill')
    .description('end a terminal and all that runs in it')
    .argument(...argument)
    .action(async (ref: string) => {
      const client = await cli.connect();
      const result = await client.terminal.kill({ terminal: ref });
      if (cli.out.json) cli.out.document(result);
    });
}

async function list(cli: Cli, all: boolean): Promise<void> {
  const client = await cli.connect();
  const terminals: Terminal[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.terminal.list({ all, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    terminals.push(...page.terminals);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const { out } = cli;
  if (out.json) return out.document({ terminals });
  const now = Date.now();
  out.table(
    ['TERMINAL', 'STATUS', 'AGE', 'ID', 'SESSION', 'DIRECTORY'],
    terminals.map((terminal) => [
      terminal.name,
      statusCell(terminal.status),
      out.terminal ? age(terminal.createdAt, now) : terminal.createdAt,
      terminal.id,
      terminal.sessionId,
      terminal.cwd,
    ]),
  );
}

async function capture(cli: Cli, ref: string, { history, colours = false, window }: CaptureOptions): Promise<void> {
  const client = await cli.connect();
  const result = await client.terminal.capture({ terminal: ref, historyLines: history, colours, ...windowOf(window) });
  if (cli.out.json) cli.out.document(result);
  else cli.out.draw(result.text.endsWith('\n') ? result.text : `${result.text}\n`);
}

async function send(cli: Cli, ref: string, words: readonly string[], options: { enter: boolean; window?: string }): Promise<void> {
  const { readAll } = await import('../read-input.ts');
  const text = words.length === 1 && words[0] === '-' ? await readAll(cli.stdin) : words.join(' ');
  const client = await cli.connect();
  const result = await client.terminal.send({ terminal: ref, text, enter: options.enter, ...windowOf(options.window) });
  if (cli.out.json) cli.out.document(result);
}

function windowOf(id: string | undefined): { windowId?: string } {
  return id === undefined ? {} : { windowId: id };
}
