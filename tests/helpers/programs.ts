// What steps run in tests: small shell programs that tell in files what they did, and wait for files instead of time.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './real-daemon.ts';
import { until } from './until.ts';

/** A folder through which a test and its steps talk. */
export interface Signals {
  path(name: string): string;
  /** Opens a gate that a step waits at. */
  open(name: string): void;
  /** Waits until a step has written the file, and answers its lines. */
  lines(name: string): Promise<string[]>;
  has(name: string): boolean;
  /** Shell: adds a line to a file. */
  tell(name: string, text?: string): string;
  /** Shell: waits until the gate is open. */
  waitFor(name: string): string;
}

export function createSignals(home: Home): Signals {
  const dir = mkdtempSync(home.path('signals-'));
  const path = (name: string): string => join(dir, name);
  return {
    path,
    open: (name) => writeFileSync(path(name), ''),
    has: (name) => existsSync(path(name)),
    lines: (name) =>
      until(`a step to write "${name}"`, () => {
        const text = existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '';
        return text.endsWith('\n') && text.trimEnd().split('\n');
      }),
    tell: (name, text = name) => `echo "${text}" >> ${path(name)}`,
    waitFor: (name) => `while [ ! -e ${path(name)} ]; do sleep 0.02; done`,
  };
}

/** Shell: a child that ignores SIGTERM, one in the background that holds the pipe, one in a session of its own. Their pids go to a file. */
export function stubbornTree(signals: Signals): string {
  const child = (program: string): string => `${program} & echo $! >> ${signals.path('tree')}`;
  const ignoring = `bash -c 'trap "" TERM; while :; do sleep 0.1; done'`;
  return [
    child(ignoring),
    child('sleep 300'),
    `setsid bash -c 'echo $$ >> ${signals.path('tree')}; exec sleep 300' &`,
    `echo $$ >> ${signals.path('tree')}`,
    'wait',
  ]
    .join('; ')
    .replaceAll('&;', '&');
}

/** A command file of shell steps, as YAML (JSON is YAML). */
export function commandFile(name: string, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ name, ...fields });
}

export function shell(action: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { type: 'shell', action, ...more };
}

/** Puts a program of shell into `<folder>/bin`, anew when it is there; answers a PATH on which it comes first. */
export function putProgram(folder: string, name: string, script: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  // In one move, since somebody may run the old one.
  const target = join(bin, name);
  writeFileSync(`${target}.new`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  renameSync(`${target}.new`, target);
  return `${bin}:${process.env.PATH}`;
}

/** A PATH on which everything is but the tool. */
export function pathWithout(folder: string, tool: string): string {
  const bin = mkdtempSync(join(folder, `without-${tool}-`));
  const found = ['/bin', '/usr/bin', '/usr/local/bin'].flatMap((place) => readdirSync(place).map((name) => ({ place, name })));
  for (const { place, name } of found) {
    if (name !== tool && !existsSync(join(bin, name))) symlinkSync(join(place, name), join(bin, name));
  }
  return bin;
}
