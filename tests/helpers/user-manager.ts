// A real service manager of an ordinary user, in namespaces of its own, in which a shell script lives a story and tells what it sees.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { programsMissing } from './installed.ts';
import { packageRoot } from './package-root.ts';

/** For `skipIf`. */
export function serviceManagerMissing(): boolean {
  const programs = {
    systemd: '/lib/systemd/systemd',
    'systemd-analyze': '/usr/bin/systemd-analyze',
    // What only root may do here is said like a program that is missing.
    ...(process.getuid?.() === 0 ? {} : { root: '/nonexistent/root' }),
  };
  return programsMissing(programs, 'apt-get install systemd, as root');
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

/** The script lies in tests/flows. */
export async function runStory(script: string, { args = [], folders = {} }: StoryOptions = {}): Promise<Told> {
  const manager = join(packageRoot, 'tests', 'helpers', 'user-manager.sh');
  const story = join(packageRoot, 'tests', 'flows', script);
  const binds = Object.entries(folders).map(([name, folder]) => `${folder}:${name}`);
  const options = { timeout: storyMs, maxBuffer: 16e6, env: { ...process.env, BIND: binds.join(' ') } };
  return new Promise((resolve) => {
    execFile('bash', [manager, packageRoot, story, ...args], options, (_, stdout, stderr) => {
      const lines = [...stdout.matchAll(/^> (.*?): (.*)$/gm)].map(([, key = '', value = '']) => [key, value.trim()] as const);
      resolve({ told: Object.fromEntries(lines), all: `${stdout}\n${stderr}` });
    });
  });
}
