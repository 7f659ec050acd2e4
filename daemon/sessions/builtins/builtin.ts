import type { ArtifactService } from '../../artifacts/service.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Mask } from '../../kernel/mask.ts';
import type { TerminalService } from '../../terminals/service.ts';
import type { ExitWatch } from '../../tools/exit-watch.ts';
import type { Git } from '../../tools/git/git.ts';
import type { Proc } from '../../tools/proc.ts';
import type { ProcessTool } from '../../tools/process.ts';
import type { TmuxServers } from '../../tools/tmux-servers.ts';
import type { WorktreeService } from '../../worktrees/service.ts';
import type { SessionContext } from '../context.ts';
import type { DrivenSessions } from '../driven.ts';
import type { Resources } from '../resources.ts';

export interface BuiltinDeps {
  readonly git: Git;
  readonly tmux: TmuxServers;
  readonly process: ProcessTool;
  readonly artifacts: ArtifactService;
  readonly resources: Resources;
  readonly terminals: TerminalService;
  readonly worktrees: WorktreeService;
  readonly exits: ExitWatch;
  readonly proc: Pick<Proc, 'findMarked'>;
  readonly clock: Clock;
  readonly driven: DrivenSessions;
}

export interface BuiltinCall {
  readonly context: SessionContext;
  readonly stepIndex: number;
  /** Of the step, templates expanded. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** For what comes from a screen. */
  readonly mask: Mask;
  /** A line for the log of the step. */
  readonly print: (line: string) => void;
}

/** What a builtin leaves: values for the shared data. It throws a Failure when it fails. Running it twice is as good as once. */
export type Builtin = (call: BuiltinCall, deps: BuiltinDeps) => Promise<Readonly<Record<string, unknown>> | undefined>;
