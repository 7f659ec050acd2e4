import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readHook, terminalLaunch, withWritableRoots } from '../../../daemon/instances/terminal-launch.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

test('each hook of Claude Code appends one line of JSON, whatever its input looks like', () => {
  using dir = createTempDir();
  const hookFile = dir.at("with 'quotes'.ndjson");
  const { argv, settings } = terminalLaunch(['claude'], { hookFile, settingsFile: dir.at('settings.json') });
  expect(argv).toEqual(['claude', '--settings', dir.at('settings.json')]);
  const { hooks } = JSON.parse(settings?.text ?? '') as { hooks: Record<string, { hooks: { command: string }[] }[]> };
  for (const name of ['SessionStart', 'UserPromptSubmit', 'Stop']) {
    const input = JSON.stringify({ hook_event_name: name, session_id: 'abc' }, null, 2);
    execFileSync('sh', ['-c', hooks[name]?.[0]?.hooks[0]?.command ?? 'false'], { input });
  }
  const lines = readFileSync(hookFile, 'utf8').trim().split('\n');
  expect(lines.map((line) => readHook(line))).toEqual([
    { is: 'ready', name: 'SessionStart', externalId: 'abc' },
    { is: 'submit', name: 'UserPromptSubmit', externalId: 'abc' },
    { is: 'end', name: 'Stop', externalId: 'abc' },
  ]);
});

test('a conversation that goes on is named to Claude Code', () => {
  const { argv } = terminalLaunch(['/opt/claude'], { hookFile: '/h', settingsFile: '/s', externalId: 'abc' });
  expect(argv).toEqual(['/opt/claude', '--settings', '/s', '--resume', 'abc']);
});

test('what codex notifies is a line of its file', () => {
  using dir = createTempDir();
  const { argv, tells } = terminalLaunch(['codex'], { hookFile: dir.at('hooks'), settingsFile: dir.at('settings') });
  const [program = '', ...rest] = JSON.parse((argv[2] ?? '').replace('notify=', '')) as string[];
  execFileSync(program, [...rest, JSON.stringify({ type: 'agent-turn-complete' })]);
  expect(readHook(readFileSync(dir.at('hooks'), 'utf8').trim())).toEqual({ is: 'end', name: 'agent-turn-complete' });
  expect(tells).toEqual({ ready: false, submit: false, end: true });
});

test.for(['', 'no json', '[]', '{"type": 1}'])('the line %j is no hook', (line) => {
  expect(readHook(line)).toBeUndefined();
});

test('codex may write where a commit of a linked worktree goes', () => {
  const linked = { gitDir: '/repo/.git/worktrees/w', commonDir: '/repo/.git' };
  const roots = 'sandbox_workspace_write.writable_roots=["/repo/.git","/repo/.git/worktrees/w"]';
  expect(withWritableRoots(['codex', '--search'], linked)).toEqual(['codex', '--config', roots, '--search']);
  expect(withWritableRoots(['codex'], { gitDir: '/repo/.git', commonDir: '/repo/.git' })).toEqual(['codex']);
  expect(withWritableRoots(['codex'], undefined)).toEqual(['codex']);
  expect(withWritableRoots(['claude'], linked)).toEqual(['claude']);
});
