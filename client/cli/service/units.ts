// The units of the user's service manager: the templates of systemd/ with the paths of this installation. Pure but for reading them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonEntry, packageRoot } from '../../../rpc/package-info.ts';

export const unitNames = ['coppice.socket', 'coppice.service', 'coppice-tmux.service'] as const;
export type UnitName = (typeof unitNames)[number];

export interface UnitPlaces {
  readonly node: string;
  readonly tmux: string;
  /** What the daemon finds its programs by; user managers know nothing of a shell's. */
  readonly searchPath: string;
  readonly configDir: string;
  readonly stateDir: string;
}

export function unitText(name: UnitName, { node, tmux, searchPath, configDir, stateDir }: UnitPlaces): string {
  const words: Readonly<Record<string, string>> = {
    NODE: commandWord(node),
    DAEMON: commandWord(daemonEntry()),
    TMUX: commandWord(tmux),
    TMUX_CONF: commandWord(join(stateDir, 'tmux.conf')),
    PATH: unitWord(`PATH=${searchPath}`),
    NO_LOGINS: unitWord(`LD_PRELOAD=${join(stateDir, 'no-logins.so')}`),
    // A path alone: it takes no quotes.
    ENVIRONMENT: join(configDir, 'environment').replaceAll('%', '%%'),
  };
  const template = readFileSync(join(packageRoot(), 'systemd', name), 'utf8');
  return template.replace(/@([A-Z_]+)@/g, (whole, word: string) => words[word] ?? whole);
}

/** One word of a command line, where variables are put in. */
export function commandWord(text: string): string {
  return unitWord(text.replaceAll('$', '$$$$'));
}

/** One word of an assignment, whatever is in it. */
export function unitWord(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${escaped}"`;
}
