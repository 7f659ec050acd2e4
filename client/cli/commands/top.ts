import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('top')
    .description('a live view of what waits for you, spec tasks and sessions; ? shows its keys')
    .action(() => top(cli));
}

async function top(cli: Cli): Promise<void> {
  const { env, out } = cli;
  if (out.json)
    throw new UsageError('"top" is a view for people; "coppice ps --json" and "coppice events --follow --json" tell the same to programs.');
  if (!cli.interactive) throw new UsageError('"top" needs a terminal, and stdin or stdout is none; "coppice ps" prints what runs.');
  if (env.TERM === undefined || env.TERM === '' || env.TERM === 'dumb') {
    throw new UsageError(
      `"top" needs a terminal that can move its cursor, and TERM is "${env.TERM ?? ''}"; "coppice ps" prints what runs.`,
    );
  }
  // However long the daemon is away, the view waits for it.
  const client = await cli.connect({ reconnectMs: Number.POSITIVE_INFINITY });
  const [{ runTop }, { runInherited }] = await Promise.all([import('../top/top.ts'), import('../attach-to.ts')]);
  const code = await runTop({
    client,
    stdin: cli.stdin as NodeJS.ReadStream,
    stdout: cli.stdout as NodeJS.WriteStream,
    colour: out.paint(' ', 'bold') !== ' ',
    unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ''),
    insideTmux: env.TMUX,
    runInherited,
  });
  cli.exitWith(code);
}
