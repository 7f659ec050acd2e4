import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { exitCodeOfSession } from '../exit-codes.ts';
import { startSession } from '../start-session.ts';

interface Options {
  base?: string;
  detach?: boolean;
  reuse?: boolean;
  project?: string;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('start')
    .description('make a worktree and a terminal for a branch; attaches on a terminal, else prints the id')
    .argument('<branch>', 'a new or existing branch')
    .option('-b, --base <commit>', "what a new branch begins at; default: the repository's default branch")
    .option('-d, --detach', 'do not attach')
    .option('-r, --reuse', 'another terminal in the worktree that the branch has already, instead of refusing it')
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((branch: string, options: Options) => start(cli, branch, options));
}

async function start(cli: Cli, branch: string, options: Options): Promise<void> {
  const client = await cli.connect();
  const { cursor } = client.hello;
  const session = await startSession(cli, client, {
    command: 'start',
    arguments: {
      name: branch,
      ...(options.base === undefined ? {} : { base_branch: options.base }),
      ...(options.reuse ? { existing: 'reuse' } : {}),
    },
    project: options.project,
  });
  const [{ leftExitCode, reportEnd, waitForSession }, { createStepView, silentStepView }] = await Promise.all([
    import('../wait-for-session.ts'),
    import('../step-view.ts'),
  ]);
  const { out } = cli;
  // Where nobody watches, the id is all that is printed.
  const view = cli.interactive ? createStepView(out) : silentStepView;
  const ended = await waitForSession(cli, client, session, { after: cursor, view });
  if (ended === undefined) return cli.exitWith(leftExitCode);
  if (ended.status !== 'succeeded') {
    reportEnd(out, ended);
    if (out.json) out.document(ended);
    return cli.exitWith(exitCodeOfSession(ended));
  }
  if (out.json) return out.document(ended);
  if (options.detach || !cli.interactive) return out.line(ended.id);
  const { attachTo } = await import('../attach-to.ts');
  await attachTo(cli, client, ended.id);
}
