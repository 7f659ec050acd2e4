// How an agent's own interactive program is started so that it tells what it does: by hooks that are given at launch, never in a file of the
// user's. Each hook appends one line of JSON to a file of the thread.
import { basename } from 'node:path';
import { shellWord } from '../kernel/shell-word.ts';
import type { GitDirs } from '../tools/git/git-files.ts';
import { pasteable } from '../tools/pasteable.ts';

export interface TerminalLaunch {
  readonly argv: readonly string[];
  /** It tells when it is ready, has a prompt, and ends a turn. */
  readonly tells: { readonly ready: boolean; readonly submit: boolean; readonly end: boolean };
  /** It opens the conversation that it had, or ends. */
  readonly resumes?: boolean;
  /** A file that must be there before. */
  readonly settings?: { readonly path: string; readonly text: string };
  /** The keys that end a turn. */
  readonly cancelKeys: readonly string[];
}

export interface LaunchPlace {
  readonly hookFile: string;
  readonly settingsFile: string;
  /** What the agent calls the conversation that goes on. */
  readonly externalId?: string | undefined;
}

const claudeHooks = ['SessionStart', 'UserPromptSubmit', 'Stop', 'Notification'] as const;

export function terminalLaunch(argv: readonly string[], { hookFile, settingsFile, externalId }: LaunchPlace): TerminalLaunch {
  const [program = '', ...rest] = argv;
  const name = basename(program);
  if (name === 'claude') {
    const command = `{ tr -d '\\n'; echo; } >> ${shellWord(hookFile)}`;
    const hooks = Object.fromEntries(claudeHooks.map((event) => [event, [{ hooks: [{ type: 'command', command }] }]]));
    const resumed = externalId === undefined ? [] : ['--resume', externalId];
    return {
      argv: [program, ...rest, '--settings', settingsFile, ...resumed],
      tells: { ready: true, submit: true, end: true },
      resumes: externalId !== undefined,
      settings: { path: settingsFile, text: `${JSON.stringify({ hooks }, null, 2)}\n` },
      cancelKeys: ['Escape'],
    };
  }
  if (name === 'codex') {
    const notify = ['sh', '-c', 'printf "%s\\n" "$2" >> "$1"', 'codex', hookFile];
    return {
      argv: [program, '--config', `notify=${JSON.stringify(notify)}`, ...rest],
      tells: { ready: false, submit: false, end: true },
      cancelKeys: ['Escape'],
    };
  }
  const cancelKeys = name === 'bash' || name === 'sh' ? ['C-c'] : ['Escape'];
  return { argv, tells: { ready: false, submit: false, end: false }, cancelKeys };
}

/** The interactive Codex takes as arguments what codex-acp takes from its environment: without it, it can not commit in a linked worktree. */
export function withWritableRoots(argv: readonly string[], dirs: GitDirs | undefined): readonly string[] {
  const [program = '', ...rest] = argv;
  if (basename(program) !== 'codex' || dirs === undefined || dirs.gitDir === dirs.commonDir) return argv;
  return [program, '--config', `sandbox_workspace_write.writable_roots=${JSON.stringify([dirs.commonDir, dirs.gitDir])}`, ...rest];
}

export interface Hook {
  readonly is: 'ready' | 'submit' | 'end' | 'other';
  readonly name: string;
  readonly externalId?: string;
  /** All that the user said in the conversation that it is about, where it says so. */
  readonly said?: readonly string[];
}

/** undefined: the line is no hook's. */
export function readHook(line: string): Hook | undefined {
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const name = told.hook_event_name ?? told.type;
  if (typeof name !== 'string') return undefined;
  const externalId = typeof told.session_id === 'string' ? { externalId: told.session_id } : {};
  const said = told['input-messages'];
  return { is: meaning[name] ?? 'other', name, ...externalId, ...(Array.isArray(said) ? { said: said.map(String) } : {}) };
}

/** Codex also tells the end of conversations of its own, such as the one that gives the task a title: there the prompt is only quoted. */
export function isAbout({ said }: Hook, prompt: string): boolean {
  return said === undefined || said.some((message) => inOneLine(message) === inOneLine(prompt));
}

/** Terminals change the white space of what is pasted, and control characters are not. */
function inOneLine(text: string): string {
  return pasteable(text).replaceAll(/\s+/g, ' ').trim();
}

const meaning: Readonly<Record<string, Hook['is']>> = {
  SessionStart: 'ready',
  UserPromptSubmit: 'submit',
  Stop: 'end',
  'agent-turn-complete': 'end',
};
