// All terminals, on as many tmux servers as they need. A server looks at each of its windows whenever anything happens in one of them, and a
// pane that ends holds it up: hundreds of terminals on one would wait for each other.
//
// What tmux calls a session, window or pane ($1, @2, %3) has its meaning on one server. On another than the first its number follows: %3.1.
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { shellWord } from '../kernel/shell-word.ts';
import { socketOfTmux, type Tmux, type TmuxPane, type TmuxSession, type TmuxWindow, type WindowRequest } from './tmux.ts';
import type { TmuxControl } from './tmux-control.ts';

/** A terminal, as its row tells it. */
export interface OfTerminal {
  readonly name: string;
  readonly tmuxId: string;
}

export interface TmuxServers
  extends Pick<Tmux, 'available' | 'capture' | 'sendText' | 'sendKeys' | 'killSession' | 'killWindow' | 'attachArgv'> {
  /** The number of the server for one terminal more beside those. */
  serverFor(tmuxIds: readonly string[]): number;
  /** Where users and programs reach a server. */
  socketOf(server: number): string;
  newSession(
    request: WindowRequest & { readonly name: string; readonly server: number },
  ): Promise<TmuxWindow & { readonly tmuxId: string }>;
  newWindow(request: WindowRequest & { readonly terminal: OfTerminal; readonly detached?: boolean }): Promise<TmuxWindow>;
  /** Sessions of this name on the servers that are in use, and on the one given. */
  find(name: string, server: number): Promise<string[]>;
  /** Of the servers of these terminals. */
  listSessions(tmuxIds: readonly string[]): Promise<TmuxSession[]>;
  sessionIdOf(terminal: OfTerminal): Promise<string | undefined>;
  listPanes(terminal: OfTerminal): Promise<TmuxPane[]>;
  attachedClients(terminal: OfTerminal): Promise<number>;
  /** Ends the servers beside the first that none of these terminals is on. For a daemon that starts, before anybody makes one. */
  endUnused(tmuxIds: readonly string[]): Promise<void>;
  /** Called when a server is gone, and its terminals with it. */
  onServerExit(listener: () => void): void;
  /** Leaves the servers; they and the terminals live on. */
  close(): Promise<void>;
}

export interface TmuxServer {
  readonly control: TmuxControl;
  readonly tmux: Tmux;
}

export interface TmuxServersOptions {
  /** Makes what speaks with the server of a number, once it is asked something. */
  readonly connect: (server: number) => TmuxServer;
  /** Ends a server and what runs on it; one that is gone is fine. */
  readonly end: (server: number) => Promise<void>;
  /** Of so many terminals; the last server takes all that are more. */
  readonly terminalsEach: number;
  readonly most: number;
}

export function createTmuxServers({ connect, end, terminalsEach, most }: TmuxServersOptions): TmuxServers {
  const servers = new Map<number, TmuxServer>();
  const listeners = new Set<() => void>();
  const at = (server: number): TmuxServer => {
    const known = servers.get(server);
    if (known) return known;
    const made = connect(server);
    servers.set(server, made);
    made.control.onServerExit(() => {
      for (const listener of listeners) listener();
    });
    return made;
  };
  const first = (): Tmux => at(0).tmux;
  const isOwn = (socketPath: string): boolean => [...servers.values()].some(({ control }) => control.socketPath === socketPath);
  /** The server of an address, and what it is there. */
  const there = (address: string): { tmux: Tmux; id: string; server: number } => {
    const { id, server } = partsOf(address);
    return { tmux: at(server).tmux, id, server };
  };
  const addressed = <T extends TmuxWindow>(window: T, server: number): T => ({
    ...window,
    windowId: addressOf(window.windowId, server),
    paneId: addressOf(window.paneId, server),
  });
  return {
    serverFor(tmuxIds) {
      const counts = new Map<number, number>();
      for (const server of tmuxIds.map(serverOf)) counts.set(server, (counts.get(server) ?? 0) + 1);
      let server = 0;
      while (server + 1 < most && (counts.get(server) ?? 0) >= terminalsEach) server++;
      return server;
    },
    socketOf: (server) => at(server).control.socketPath,
    available: () => first().available(),
    async newSession({ server, ...request }) {
      const made = await at(server).tmux.newSession(request);
      return { ...addressed(made, server), tmuxId: addressOf(made.tmuxId, server) };
    },
    async newWindow({ terminal, ...request }) {
      const { tmux, server } = there(terminal.tmuxId);
      return addressed(await tmux.newWindow({ ...request, sessionName: terminal.name }), server);
    },
    async find(name, server) {
      const asked = [...new Set([...servers.keys(), server])];
      const found = await Promise.all(asked.map(async (one) => ({ one, id: await at(one).tmux.sessionIdOf(name) })));
      return found.flatMap(({ one, id }) => (id === undefined ? [] : [addressOf(id, one)]));
    },
    async listSessions(tmuxIds) {
      const asked = new Set(tmuxIds.map(serverOf));
      const lists = await Promise.all(
        [...asked].map(async (server) =>
          (await at(server).tmux.listSessions()).map((session) => ({ ...session, tmuxId: addressOf(session.tmuxId, server) })),
        ),
      );
      return lists.flat();
    },
    async sessionIdOf({ name, tmuxId }) {
      const { tmux, server } = there(tmuxId);
      const id = await tmux.sessionIdOf(name);
      return id === undefined ? undefined : addressOf(id, server);
    },
    async listPanes({ name, tmuxId }) {
      const { tmux, server } = there(tmuxId);
      return (await tmux.listPanes(name)).map((pane) => ({ ...addressed(pane, server), tmuxId: addressOf(pane.tmuxId, server) }));
    },
    attachedClients: ({ name, tmuxId }) => there(tmuxId).tmux.attachedClients(name),
    capture: (request) => inPane(request, (tmux, inside) => tmux.capture(inside)),
    sendText: (request) => inPane(request, (tmux, inside) => tmux.sendText(inside)),
    sendKeys: (request) => inPane(request, (tmux, inside) => tmux.sendKeys(inside)),
    killSession(tmuxId) {
      const { tmux, id } = there(tmuxId);
      return tmux.killSession(id);
    },
    killWindow(windowId) {
      const { tmux, id } = there(windowId);
      return tmux.killWindow(id);
    },
    attachArgv(tmuxId, insideTmux) {
      const { tmux, id, server } = there(tmuxId);
      const { tmuxPath, socketPath } = at(server).control;
      const from = socketOfTmux(insideTmux ?? '');
      if (from === socketPath || !isOwn(from)) return tmux.attachArgv(id, insideTmux);
      // A client can not change its server, but it can leave and become the client of another.
      return [tmuxPath, '-N', '-S', from, 'detach-client', '-E', tmux.attachArgv(id).map(shellWord).join(' ')];
    },
    async endUnused(tmuxIds) {
      const used = new Set(tmuxIds.map(serverOf));
      for (let server = 1; server < most; server++) if (!used.has(server)) await end(server);
    },
    onServerExit: (listener) => void listeners.add(listener),
    close: async () => void (await Promise.all([...servers.values()].map(({ control }) => control.close()))),
  };

  function inPane<T extends { readonly paneId: string }, R>(request: T, act: (tmux: Tmux, inside: T) => R): R {
    const { tmux, id } = there(request.paneId);
    return act(tmux, { ...request, paneId: id });
  }
}

/** The last takes all terminals that are more. */
export const mostTmuxServers = 32;

/** `/run/tmux.sock` of the first, `/run/tmux-1.sock` of the next. */
export function socketPathOf(first: string, server: number): string {
  return server === 0 ? first : first.replace(/\.sock$/, `-${server}.sock`);
}

/** Whether a path, whatever links are in it, is that of the first server or of one beside it. */
export async function isServerSocket(first: string, path: string): Promise<boolean> {
  const real = (one: string): Promise<string> => realpath(one).catch(() => one);
  const [folder, other] = [await real(dirname(first)), await real(path)];
  return dirname(other) === folder && /^tmux(-[1-9]\d*)?\.sock$/.test(basename(other));
}

function addressOf(id: string, server: number): string {
  return server === 0 ? id : `${id}.${server}`;
}

/** The number of the server that an address is on. */
export const serverOf = (address: string): number => partsOf(address).server;

function partsOf(address: string): { readonly id: string; readonly server: number } {
  const [id = '', server = '0'] = address.split('.');
  return { id, server: Number(server) };
}
