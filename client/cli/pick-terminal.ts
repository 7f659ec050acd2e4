import type { Client } from '../client.ts';
import type { Cli } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { age, printable } from './text.ts';

/** The id of a live terminal that the user picks from a list. Without a terminal to ask on, the list is the error. */
export async function pickTerminal(cli: Cli, client: Client): Promise<string | undefined> {
  const { terminals } = await client.terminal.list({ limit: 200 });
  if (terminals.length === 0)
    throw new UsageError('There is no live terminal to attach to; "coppice start" makes one for a command that has one.');
  if (!cli.interactive || cli.out.json) {
    const names = terminals.map(({ name }) => name).join(', ');
    throw new UsageError(`Say which terminal to attach to; these are live: ${names}.`);
  }
  const now = Date.now();
  for (const [index, { name, cwd, createdAt }] of terminals.entries()) {
    cli.out.line(printable(`${String(index + 1).padStart(3)}  ${name}  ${age(createdAt, now)}  ${cwd}`));
  }
  const { createInterface } = await import('node:readline/promises');
  const asking = createInterface({ input: cli.stdin, output: cli.stdout });
  try {
    // The end of the input is an answer, too: none.
    const closed = new Promise<string>((resolve) => asking.once('close', () => resolve('')));
    const answer = (await Promise.race([asking.question('Attach to which? '), closed])).trim();
    if (answer === '') return undefined;
    const picked = terminals[Number(answer) - 1] ?? terminals.find(({ name, id }) => name === answer || id === answer);
    if (picked) return picked.id;
    throw new UsageError(`"${answer}" is none of them; answer with a number from 1 to ${terminals.length}, or a name.`);
  } finally {
    asking.close();
  }
}
