import { Argument, type Command } from 'commander';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('print the completion script of a shell, to be sourced by it')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../completion-script.ts');
      const script = completionScript(shell, program);
      if (cli.out.json) cli.out.document({ shell, script });
      else cli.out.draw(script);
    });
}
