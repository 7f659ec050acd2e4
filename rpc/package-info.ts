// Where this package is installed, and its version, which package.json alone says. Works from the sources, from dist and from the bundles.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** In the bundle there is no import.meta, and CommonJS has this instead. */
declare const __dirname: string | undefined;

let root: string | undefined;

export function packageRoot(): string {
  root ??= climb(import.meta.dirname ?? __dirname ?? process.cwd());
  return root;
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

export function daemonEntry(): string {
  return join(packageRoot(), 'dist', 'daemon', 'main.cjs');
}

function climb(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`No package.json is above "${from}".`);
  }
}
