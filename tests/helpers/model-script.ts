// What a scripted model does: the lines of the ```script fences of a prompt, one tool call each, then a closing sentence.
//   write <path> <text>   a file, by whatever tool the agent has for it
//   run <command>         a shell command
//   escalate <command>    the same, out of the sandbox where the agent has one: somebody is asked
//   commit <message>      everything, as a commit
//   wait <file>           a shell command that ends once the file is there
//   say <text>            the closing sentence; default "Done."
//   fail <status>         no answer but this HTTP status

export type Action =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'run' | 'escalate'; readonly command: string };

export interface Script {
  readonly actions: readonly Action[];
  readonly closing: string;
  readonly failStatus?: number;
}

/** One message of a conversation as both APIs have it: what the user said, or that so many tools answered. */
export interface Turn {
  readonly text?: string;
  readonly results?: number;
}

export interface Tool {
  readonly name: string;
  /** Names of its arguments. */
  readonly takes: readonly string[];
}

export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export type Reply = { readonly call: ToolCall } | { readonly closing: string } | { readonly failStatus: number };

const fence = /^[ \t>]*```script[ \t]*\n([\s\S]*?)^[ \t>]*```/gm;

/** The script of a text, or undefined when it has none. */
export function scriptIn(text: string): Script | undefined {
  const fences = [...text.replaceAll('\r\n', '\n').matchAll(fence)];
  if (fences.length === 0) return undefined;
  const lines = fences.flatMap(([, body = '']) => body.split('\n').map((line) => line.trim()));
  const actions: Action[] = [];
  let closing = 'Done.';
  let failStatus: number | undefined;
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    if (word === 'write') {
      const [, path = '', content = ''] = /^(\S+)\s*(.*)$/.exec(rest) ?? [];
      actions.push({ kind: 'write', path, text: `${content}\n` });
    } else if (word === 'run' || word === 'escalate') actions.push({ kind: word, command: rest });
    else if (word === 'commit') actions.push({ kind: 'run', command: `git add --all && git commit --quiet --message=${quoted(rest)}` });
    else if (word === 'wait') actions.push({ kind: 'run', command: `while [ ! -e ${quoted(rest)} ]; do sleep 0.05; done` });
    else if (word === 'say') closing = rest;
    else if (word === 'fail') failStatus = Number(rest);
    else if (word !== '') throw new Error(`"${line}" is not a line of a script`);
  }
  return { actions, closing, ...(failStatus === undefined ? {} : { failStatus }) };
}

/**
 * What comes next. Nothing is remembered: the newest script counts, and its nth action is due after as many answers of tools. A request
 * that offers no tool is a side question, such as a title.
 */
export function replyTo(turns: readonly Turn[], tools: readonly Tool[], cwd: string | undefined): Reply {
  const begin = turns.findLastIndex(({ text }) => text !== undefined && scriptIn(text) !== undefined);
  const script = scriptIn(turns[begin]?.text ?? '');
  if (!script || tools.length === 0) return { closing: 'Nothing to do.' };
  if (script.failStatus !== undefined) return { failStatus: script.failStatus };
  const done = turns.slice(begin).reduce((sum, { results = 0 }) => sum + results, 0);
  const action = script.actions[done];
  return action === undefined ? { closing: script.closing } : { call: callOf(action, tools, cwd) };
}

/** On the tools that this agent offers: names and arguments differ from agent to agent. */
function callOf(action: Action, tools: readonly Tool[], cwd: string | undefined): ToolCall {
  const named = (...names: readonly string[]): Tool | undefined =>
    names.flatMap((name) => tools.find((tool) => tool.name === name) ?? [])[0];
  const writer = named('Write');
  if (action.kind === 'write' && writer && cwd !== undefined) {
    return { name: writer.name, input: { file_path: `${cwd}/${action.path}`, content: action.text } };
  }
  const command = action.kind === 'write' ? `printf %s ${quoted(action.text)} > ${quoted(action.path)}` : action.command;
  const shell = named('Bash', 'exec_command', 'shell_command', 'shell');
  if (!shell) throw new Error(`no tool runs a command: ${tools.map(({ name }) => name).join(', ')}`);
  const wanted = {
    command: shell.name === 'shell' ? ['bash', '-c', command] : command,
    cmd: command,
    description: 'A scripted step',
    yield_time_ms: 30_000,
    ...(action.kind === 'escalate' ? { sandbox_permissions: 'require_escalated', justification: 'The script wants it.' } : {}),
  };
  return { name: shell.name, input: Object.fromEntries(Object.entries(wanted).filter(([name]) => shell.takes.includes(name))) };
}

/** Agents tell the model in prose where they work. */
export function workingDirectoryIn(text: string): string | undefined {
  return /(?:working directory|cwd)[^/\n]{0,40}(\/[^\s<`'"),]+)/i.exec(text)?.[1]?.replace(/[.:]$/, '');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
