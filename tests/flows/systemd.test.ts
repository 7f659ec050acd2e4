// A real service manager of an ordinary user, in namespaces of its own.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programsMissing } from '../helpers/installed.ts';
import { packageRoot } from '../helpers/package-root.ts';

const programs = {
  systemd: '/lib/systemd/systemd',
  'systemd-analyze': '/usr/bin/systemd-analyze',
  // What only root may do here is said like a program that is missing.
  ...(process.getuid?.() === 0 ? {} : { root: '/nonexistent/root' }),
};
const isMissing = programsMissing(programs, 'apt-get install systemd, as root');

test.skipIf(isMissing)(
  'as a service it starts with its first client, loses nothing, and leaves nothing',
  { timeout: 240_000 },
  async () => {
    const manager = join(packageRoot, 'tests', 'helpers', 'user-manager.sh');
    const story = join(packageRoot, 'tests', 'flows', 'systemd.story.sh');
    expect(existsSync(manager)).toBe(true);
    const { told, all } = await new Promise<{ told: Record<string, string>; all: string }>((resolve) => {
      execFile('bash', [manager, packageRoot, story], { timeout: 230_000, maxBuffer: 16e6 }, (_, stdout, stderr) => {
        const lines = [...stdout.matchAll(/^> (.*?): (.*)$/gm)].map(([, key = '', value = '']) => [key, value.trim()] as const);
        resolve({ told: Object.fromEntries(lines), all: `${stdout}\n${stderr}` });
      });
    });
    expect(told, all).toEqual({
      install: '0',
      verify: '0',
      'before the first client': 'active inactive',
      'after it': expect.stringMatching(/^active serves \/run\/user\/\d+\/coppice\/coppice\.sock$/),
      stripped: '1 in the beginning',
      'terminals of their own': 'active',
      'leaked to steps': '0',
      'after kill -9': '1 answer of another',
      restarts: '1',
      one: 'succeeded',
      'after restart': 'running',
      stopped: 'inactive active',
      two: '7',
      hung: '0 success',
      three: 'running',
      'uninstall with terminals': expect.stringMatching(/^5 coppice: One terminal still runs in coppice-tmux\.service and would end/),
      'three at last': '3',
      uninstall: '0',
      left: '0 files, 0 units, 0 processes',
      then: '3',
    });
  },
);
