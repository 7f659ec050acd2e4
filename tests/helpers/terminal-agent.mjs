// An agent as one types to it: it takes pasted prompts in brackets, does the lines of their ```script blocks, and, when it is given
// `--settings FILE`, runs the hooks that the file has, as Claude Code does.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const [, , ...argv] = process.argv;
const optionOf = (flag) => (argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined);
const settings = optionOf('--settings');
const sessionId = optionOf('--resume') ?? `conversation-${process.pid}`;
const hooks = settings === undefined ? {} : JSON.parse(readFileSync(settings, 'utf8')).hooks;
const hook = (name) => {
  const input = JSON.stringify({ hook_event_name: name, session_id: sessionId });
  for (const { hooks: all } of hooks[name] ?? []) for (const { command } of all) spawnSync('sh', ['-c', command], { input });
};
const appears = (path) =>
  new Promise((there) => {
    const watcher = watch(dirname(path), () => existsSync(path) && end());
    const end = () => {
      watcher.close();
      there();
    };
    if (existsSync(path)) end();
  });

const orders = {
  write: ([path, ...words]) => writeFileSync(path, `${words.join(' ')}\n`),
  commit: (words) => {
    execFileSync('git', ['add', '--all']);
    execFileSync('git', ['commit', '--quiet', '-m', words.join(' ')]);
  },
  wait: ([path]) => appears(path),
  exit: ([code]) => process.exit(Number(code)),
};

const take = async (prompt) => {
  if (process.env.TERMINAL_AGENT_LOG)
    appendFileSync(process.env.TERMINAL_AGENT_LOG, `${basename(process.cwd())} ${prompt.split('\n')[0]}\n`);
  hook('UserPromptSubmit');
  const script = /```script\n([\s\S]*?)```/.exec(prompt)?.[1] ?? '';
  for (const line of script.split('\n').filter(Boolean)) {
    const [order, ...words] = line.split(' ');
    await orders[order](words);
    process.stdout.write(`done: ${line}\r\n`);
  }
  hook('Stop');
};

const [begin, end] = ['\x1b[200~', '\x1b[201~'];
let typed = '';
process.stdin.setRawMode(true);
process.stdout.write('\x1b[?2004h> ');
process.stdin.setEncoding('utf8').on('data', (text) => {
  if (text === '\x03') process.exit(130);
  typed += text;
  process.stdout.write(
    text
      .replaceAll(begin, '')
      .replaceAll(end, '')
      .replaceAll(/\r?\n|\r/g, '\r\n'),
  );
  // Enter is a carriage return outside of the brackets.
  if (!typed.endsWith('\r') || (typed.includes(begin) && !typed.includes(end))) return;
  const prompt = typed.slice(0, -1).replaceAll(begin, '').replaceAll(end, '').replaceAll('\r', '\n');
  typed = '';
  void take(prompt).then(() => process.stdout.write('> '));
});
hook('SessionStart');
