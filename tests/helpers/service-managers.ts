// Real service managers in namespaces of their own: of an ordinary user, or of a whole system. A shell script lives a story there and tells
// what it sees.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { programsMissing } from './installed.ts';
import { packageRoot } from './package-root.ts';

// What only root may do here is said like a program that is missing.
const needed = {
  ...(process.getuid?.() === 0 ? {} : { root: '/nonexistent/root' }),
  ...{ systemd: '/lib/systemd/systemd', 'systemd-analyze': '/usr/bin/systemd-analyze' },
};

/** For `skipIf`. */
export function serviceManagerMissing(): boolean {
  return programsMissing(needed, 'apt-get install systemd, as root');
}

/** For `skipIf`. */
export function wholeSystemMissing(): boolean {
  const more = { 'dbus-user-session': '/usr/lib/systemd/user/dbus.service', 'libpam-systemd': '/usr/share/pam-configs/systemd' };
  return programsMissing({ ...needed, ...more }, 'apt-get install systemd dbus-user-session libpam-systemd, as root');
}

export interface StoryOptions {
  readonly args?: readonly string[];
  /** Folders that the story can read, by their names below `/run`. */
  readonly folders?: Readonly<Record<string, string>>;
}

export interface Told {
  /** Of each line `> key: value`. */
  readonly told: Readonly<Record<string, string>>;
  readonly all: string;
}

export const storyMs = 230_000;

/** As an ordinary user under a service manager of that user. The script lies in tests/flows. */
export function runStory(script: string, { args = [], folders = {} }: StoryOptions = {}): Promise<Told> {
  const binds = Object.entries(folders).map(([name, folder]) => `${folder}:${name}`);
  return run('user-manager.sh', script, args, { BIND: binds.join(' ') });
}

/** As root of a system that was booted for it. */
export function runOnWholeSystem(script: string): Promise<Told> {
  return run('whole-system.sh', script, [], {});
}

function run(manager: string, script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Told> {
  const words = [join(packageRoot, 'tests', 'helpers', manager), packageRoot, join(packageRoot, 'tests', 'flows', script), ...args];
  return new Promise((resolve) => {
    execFile('bash', words, { timeout: storyMs, maxBuffer: 16e6, env: { ...process.env, ...env } }, (_, stdout, stderr) => {
      const lines = [...stdout.matchAll(/^> (.*?): (.*)$/gm)].map(([, key = '', value = '']) => [key, value.trim()] as const);
      resolve({ told: Object.fromEntries(lines), all: `${stdout}\n${stderr}` });
    });
  });
}
