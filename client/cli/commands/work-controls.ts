// What people do with a work session from outside.
import type { Command } from 'commander';
import type { WorkSession } from '../../../schemas/index.ts';
import type { Client } from '../../client.ts';
import type { Cli } from '../context.ts';
import { readAll } from '../read-input.ts';
import { workArgument } from '../task-ref.ts';
import { tellWork } from '../tell-work.ts';

export function registerWorkControls(work: Command, cli: Cli): void {
  const text = async (word: string): Promise<string> => (word === '-' ? readAll(cli.stdin) : word);
  const control = <O>(command: Command, call: (client: Client, id: string, options: O) => Promise<WorkSession>): void => {
    command
      .argument(...workArgument)
      .action(async (id: string, options: O) => tellWork(cli.out, await call(await cli.connect(), id, options)));
  };
  control(work.command('start').description('let a work session run as soon as what it needs is there'), (client, id) =>
    client.workSession.start({ id }),
  );
  control<{ now?: boolean }>(
    work.command('pause').description('give no further prompts after the turn that runs').option('-n, --now', 'end that turn, too'),
    (client, id, { now }) => client.workSession.pause({ id, cancelTurn: now ?? false }),
  );
  control<{ prompt?: string }>(
    work.command('resume').description('go on with what was paused or blocked').option('--prompt <text>', 'what to tell the agent'),
    (client, id, options) => client.workSession.resume({ id, ...options }),
  );
  control<{ cascade?: boolean; reason?: string }>(
    work
      .command('cancel')
      .description('end a work session and its children that wait')
      .option('-c, --cascade', 'children that run, too')
      .option('-r, --reason <text>', 'why, for the record'),
    (client, id, { cascade, ...reason }) => client.workSession.cancel({ id, cascade: cascade ?? false, ...reason }),
  );
  control<{ agent?: string }>(
    work
      .command('retry')
      .description('try a failed work session again, in the worktree it left')
      .option('-a, --agent <agent>', 'by another agent'),
    (client, id, options) => client.workSession.retry({ id, ...options }),
  );
  control<{ prompt?: string }>(
    work.command('reopen').description('take up what was completed or cancelled').option('--prompt <text>', 'what to tell the agent'),
    (client, id, options) => client.workSession.reopen({ id, ...options }),
  );
  control(work.command('merge').description('put a work session into the merge queue, or try a conflict again'), (client, id) =>
    client.workSession.merge({ id }),
  );
  work
    .command('answer')
    .description('answer what a work session asked; the answer is its next prompt')
    .argument(...workArgument)
    .argument('<text>', '"-" reads it from stdin')
    .action(async (id: string, word: string) => {
      const answer = await text(word);
      tellWork(cli.out, await (await cli.connect()).workSession.answerHelp({ id, answer }));
    });
  work
    .command('send')
    .description('queue a prompt for the agent of a work session')
    .argument(...workArgument)
    .argument('<text>', '"-" reads it from stdin')
    .option('-i, --interrupt', 'end the turn that runs first')
    .action(async (id: string, word: string, { interrupt }: { interrupt?: boolean }) => {
      const content = await text(word);
      const prompt = await (await cli.connect()).workSession.sendPrompt({ id, content, interrupt: interrupt ?? false });
      if (cli.out.json) cli.out.document(prompt);
      else cli.out.line(`${prompt.id} ${prompt.status}`);
    });
}
