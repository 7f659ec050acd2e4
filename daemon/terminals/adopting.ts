// A tmux session of the user's, taken into view: a terminal of ours whose program is attached to it. The session stays on its own server, and
// ending the terminal only detaches.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { Origin } from '../kernel/origin.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { OtherTmux } from '../tools/other-tmux.ts';
import { type CreatingDeps, createTerminal, serverForNext, unusedName } from './creating.ts';

export interface AdoptTmux {
  readonly socketPath: string;
  /** Its name or id there. */
  readonly session: string;
}

export interface AdoptingDeps extends CreatingDeps {
  readonly otherTmux: OtherTmux;
  /** Whether a socket is of one of the daemon's own servers. */
  readonly isOwnSocket: (path: string) => Promise<boolean>;
  /** Of the program that is attached. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function adoptTmux(deps: AdoptingDeps, { socketPath, session }: AdoptTmux, origin: Origin): Promise<TerminalRecord> {
  const { store, otherTmux, environment } = deps;
  if (await deps.isOwnSocket(socketPath)) {
    throw new Failure('PRECONDITION', `"${socketPath}" is the daemon's own tmux; "coppice terminal list" shows what runs there.`, {
      details: { reason: 'own_tmux', path: socketPath },
    });
  }
  const found = await otherTmux.find(socketPath, session);
  const wanted = nameOf(socketPath, found.name);
  const known = store.read((r) => r.terminals.allLive()).find((one) => one.sessionId === undefined && isNumbered(one.name, wanted));
  if (known) {
    throw new Failure('ALREADY_EXISTS', `The tmux session "${found.name}" is in view already, as the terminal "${known.name}".`, {
      details: { entity: 'terminal', id: known.id },
    });
  }
  const isFolder = await stat(found.path).then(
    (about) => about.isDirectory(),
    () => false,
  );
  const spec = {
    name: unusedName(store, wanted),
    server: serverForNext(deps),
    cwd: isFolder ? found.path : '/',
    argv: otherTmux.attachArgv(socketPath, found.tmuxId),
    environment,
    // The screen is drawn again and again; what is said there is the user's own.
    logPath: '/dev/null',
  };
  return createTerminal(deps, spec, origin);
}

/** `tmux-main`, and `tmux-work-main` for a server of its own name. */
function nameOf(socketPath: string, sessionName: string): string {
  const server = basename(socketPath);
  return ['tmux', ...(server === 'default' ? [] : [server]), sessionName]
    .join('-')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 100);
}

function isNumbered(name: string, wanted: string): boolean {
  return name === wanted || (name.startsWith(`${wanted}-`) && /^\d+$/.test(name.slice(wanted.length + 1)));
}
