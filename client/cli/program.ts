// The command tree. Only the module of the command that is called gets loaded; help and completion load all.
import { Command } from 'commander';
import type { Cli } from './context.ts';

export interface CommandModule {
  register(program: Command, cli: Cli): void;
}

interface Entry {
  readonly names: readonly string[];
  load(): Promise<CommandModule>;
}

/** In the order of the help. */
const entries: readonly Entry[] = [
  { names: ['init'], load: () => import('./commands/init.ts') },
  { names: ['run'], load: () => import('./commands/run.ts') },
  { names: ['start'], load: () => import('./commands/start.ts') },
  { names: ['ps'], load: () => import('./commands/ps.ts') },
  { names: ['top'], load: () => import('./commands/top.ts') },
  { names: ['show'], load: () => import('./commands/show.ts') },
  { names: ['logs'], load: () => import('./commands/logs.ts') },
  { names: ['attach'], load: () => import('./commands/attach.ts') },
  { names: ['send', 'cancel', 'rm'], load: () => import('./commands/session.ts') },
  { names: ['retry'], load: () => import('./commands/retry.ts') },
  { names: ['data'], load: () => import('./commands/data.ts') },
  { names: ['commands', 'plan'], load: () => import('./commands/command.ts') },
  { names: ['task'], load: () => import('./commands/task.ts') },
  { names: ['work'], load: () => import('./commands/work.ts') },
  { names: ['message'], load: () => import('./commands/message.ts') },
  { names: ['state'], load: () => import('./commands/state.ts') },
  { names: ['attention'], load: () => import('./commands/attention.ts') },
  { names: ['permission'], load: () => import('./commands/permission.ts') },
  { names: ['worktree'], load: () => import('./commands/worktree.ts') },
  { names: ['terminal'], load: () => import('./commands/terminal.ts') },
  { names: ['group'], load: () => import('./commands/group.ts') },
  { names: ['gate'], load: () => import('./commands/gate.ts') },
  { names: ['schedule'], load: () => import('./commands/schedule.ts') },
  { names: ['artifacts', 'artifact'], load: () => import('./commands/artifacts.ts') },
  { names: ['leases'], load: () => import('./commands/leases.ts') },
  { names: ['import'], load: () => import('./commands/import.ts') },
  { names: ['events'], load: () => import('./commands/events.ts') },
  { names: ['project'], load: () => import('./commands/project.ts') },
  { names: ['token'], load: () => import('./commands/token.ts') },
  { names: ['agents', 'models'], load: () => import('./commands/registry.ts') },
  { names: ['auth'], load: () => import('./commands/auth.ts') },
  { names: ['policy'], load: () => import('./commands/policy.ts') },
  { names: ['config'], load: () => import('./commands/config.ts') },
  { names: ['daemon'], load: () => import('./commands/daemon.ts') },
  { names: ['doctor'], load: () => import('./commands/doctor.ts') },
  { names: ['metrics'], load: () => import('./commands/metrics.ts') },
  { names: ['call'], load: () => import('./commands/call.ts') },
  { names: ['acp'], load: () => import('./commands/acp.ts') },
  { names: ['stdio'], load: () => import('./commands/stdio.ts') },
  { names: ['completion'], load: () => import('./commands/completion.ts') },
];

export interface GlobalOptions {
  readonly json?: boolean;
  readonly socket?: string;
  readonly color: boolean;
}

export interface ProgramOptions {
  readonly cli: Cli;
  readonly version: () => string;
  writeOut(text: string): void;
  writeErr(text: string): void;
}

export async function createProgram(words: readonly string[], options: ProgramOptions): Promise<Command> {
  const program = new Command('coppice')
    .description('Runs many pieces of coding work at once, each in its own git worktree and terminal.')
    .usage('[options] <command> …')
    .option('--json', 'print one JSON document, or one a line for streams')
    .option('--socket <path>', 'the Unix socket of the daemon')
    .option('--no-color', 'no colours, also on a terminal')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      options.writeOut(`${options.version()}\n`);
      throw new VersionShown();
    })
    .helpCommand(true)
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: options.writeOut,
      writeErr: options.writeErr,
      outputError: (text, write) =>
        write(
          `coppice: ${text
            .replace(/^error: /, '')
            .trim()
            .replace(/\n/g, ' ')}\n`,
        ),
    })
    .exitOverride();
  const called = firstWord(words);
  const wanted = entries.filter((entry) => called !== undefined && entry.names.includes(called));
  // Without a command it is help, which tells of all, or the version.
  const isAll = wanted.length !== 1 || called === 'completion';
  for (const entry of isAll && !isVersion(words) ? entries : wanted) {
    (await entry.load()).register(program, options.cli);
  }
  return program;
}

function isVersion(words: readonly string[]): boolean {
  return words.length === 1 && (words[0] === '--version' || words[0] === '-V');
}

/** Thrown after --version was answered, so that nothing else runs. */
export class VersionShown extends Error {}

/** The first word that is no global option and no value of one. */
function firstWord(words: readonly string[]): string | undefined {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === '--socket') index += 1;
    else if (word !== undefined && !word.startsWith('-')) return word;
  }
  return undefined;
}
