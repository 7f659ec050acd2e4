// tmux servers that are not ours, like the user's own: looked at and attached to, never changed.
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { ProcessTool } from './process.ts';

export interface OtherTmuxSession {
  readonly tmuxId: string;
  readonly name: string;
  /** Where it was begun. */
  readonly path: string;
}

export interface OtherTmux {
  /** By exact name or id; NOT_FOUND when there is none, or no server. */
  find(socketPath: string, nameOrId: string): Promise<OtherTmuxSession>;
  /** What shows it in a terminal, without a say in its size while somebody else is attached. */
  attachArgv(socketPath: string, tmuxId: string): string[];
}

export interface OtherTmuxOptions {
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly tmuxPath?: string;
}

const format = '#{session_id}\t#{session_name}\t#{session_path}';

export function createOtherTmux({ process, tmuxPath = 'tmux' }: OtherTmuxOptions): OtherTmux {
  const client = (socketPath: string): string[] => ['-N', '-u', '-S', socketPath];
  const list = async (socketPath: string): Promise<OtherTmuxSession[]> => {
    const { stdout } = await process.runTool(tmuxPath, [...client(socketPath), 'list-sessions', '-F', format], { env: outside });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [tmuxId = '', name = '', ...path] = line.split('\t');
        return { tmuxId, name, path: path.join('\t') };
      });
  };
  return {
    async find(socketPath, nameOrId) {
      const sessions = await list(socketPath).catch((error: unknown) => {
        if (isFailure(error) && error.kind === 'TOOL_FAILED') return [];
        throw error;
      });
      const found = sessions.find(({ name, tmuxId }) => name === nameOrId || tmuxId === nameOrId);
      if (found) return found;
      throw new Failure('NOT_FOUND', `No tmux session "${nameOrId}" runs on "${socketPath}"; "tmux list-sessions" shows them.`, {
        details: { entity: 'tmux session', id: nameOrId, suggestions: sessions.map(({ name }) => name).slice(0, 5) },
      });
    },
    attachArgv: (socketPath, tmuxId) => {
      const unset = Object.keys(outside).flatMap((name) => ['-u', name]);
      return ['env', ...unset, tmuxPath, ...client(socketPath), 'attach-session', '-f', 'ignore-size', '-t', tmuxId];
    },
  };
}

/** tmux refuses to show one server inside of another, unless it does not know. */
const outside = { TMUX: undefined, TMUX_PANE: undefined };
