import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { printable } from '../text.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('check all that coppice needs, with a remedy for what is missing; also works without a daemon')
    .action(() => doctor(cli));
}

async function doctor(cli: Cli): Promise<void> {
  const { examine } = await import('../examine.ts');
  const { running, findings } = await examine(cli);
  const ok = findings.every((finding) => finding.ok || finding.optional);
  const { out } = cli;
  if (out.json) out.document({ ok, running, findings });
  else {
    if (!running) out.note('coppice: No daemon is running; what only it can check is left out.');
    for (const { check, ok: fine, optional, found, remedy } of findings) {
      const mark = fine ? out.paint('ok', 'green') : optional ? out.paint('absent', 'dim') : out.paint('missing', 'red');
      out.line(
        printable(`${mark} ${check}${found === undefined ? '' : `: ${found}`}${fine || remedy === undefined ? '' : ` (${remedy})`}`),
      );
    }
  }
  if (!ok) cli.exitWith(exitCodes.failed);
}
