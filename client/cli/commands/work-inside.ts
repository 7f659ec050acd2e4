// What an agent says of its own work session. Inside of one, it needs no id.
import type { Command } from 'commander';
import type { ParamsOf } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { share } from '../options.ts';
import { readAll } from '../read-input.ts';
import { workRef } from '../task-ref.ts';
import { tellWork } from '../tell-work.ts';

const ofWork = ['-w, --work-session <id>', 'default: the one of this session'] as const;

interface OfWork {
  workSession?: string;
}

interface SpawnOptions extends OfWork {
  description?: string;
  prompt?: string;
  fromIntegration?: boolean;
  intoIntegration?: boolean;
  optional?: boolean;
  agent?: string;
}

export function registerWorkInside(work: Command, cli: Cli): void {
  const text = async (word: string): Promise<string> => (word === '-' ? readAll(cli.stdin) : word);
  work
    .command('complete')
    .description('say that the work is done: it is verified and merged now')
    .argument('[work-session]', 'default: the one of this session')
    .option('-s, --summary <text>', 'what was done', '')
    .action(async (ref: string | undefined, { summary }: { summary: string }) => {
      const id = workRef(cli, ref);
      tellWork(cli.out, await (await cli.connect()).workSession.complete({ id, summary }));
    });
  work
    .command('progress')
    .description('tell how far the work is')
    .argument('<share>', 'from 0 to 1', share('progress'))
    .option('-n, --note <text>', 'what is being done')
    .option(...ofWork)
    .action(async (progress: number, { workSession, ...note }: OfWork & { note?: string }) => {
      const id = workRef(cli, workSession);
      tellWork(cli.out, await (await cli.connect()).workSession.updateStatus({ id, progress, ...note }));
    });
  work
    .command('ask')
    .description('ask a human; the work session waits for the answer')
    .argument('<question>', '"-" reads it from stdin')
    .option(...ofWork)
    .action(async (word: string, { workSession }: OfWork) => {
      const id = workRef(cli, workSession);
      const question = await text(word);
      tellWork(cli.out, await (await cli.connect()).workSession.requestHelp({ id, question }));
    });
  work
    .command('spawn')
    .description('hand a part of the work to a work session of its own')
    .argument('<name>', 'what it is about')
    .option('-d, --description <text>', 'what is to be done')
    .option('--prompt <text>', 'what its agent is told; default: name and description; "-" reads it from stdin')
    .option('--from-integration', 'begin at the integration branch instead of this one')
    .option('--into-integration', 'go into the integration branch instead of this one')
    .option('--optional', 'this work session is done without it, too')
    .option('-a, --agent <agent>', 'who does it')
    .option(...ofWork)
    .action((name: string, options: SpawnOptions) => spawn(cli, name, options));
}

async function spawn(cli: Cli, name: string, options: SpawnOptions): Promise<void> {
  const parentId = workRef(cli, options.workSession);
  const prompt = options.prompt === '-' ? await readAll(cli.stdin) : options.prompt;
  const wanted: ParamsOf<'workSession.spawn'> = {
    ...{ parentId, name, required: !options.optional },
    base: options.fromIntegration ? 'integration' : 'parent_head',
    mergeInto: options.intoIntegration ? 'integration' : 'parent',
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(options.agent === undefined ? {} : { agent: options.agent }),
  };
  tellWork(cli.out, await (await cli.connect()).workSession.spawn(wanted));
}
