import type { Env } from '../locate.ts';

export interface UserTmuxSession {
  readonly name: string;
  readonly path: string;
  readonly socketPath: string;
}

const patienceMs = 5_000;

/** Sessions of the user's own tmux server, never the daemon's. No tmux, or no server, is none. */
export async function listUserTmuxSessions(env: Env): Promise<UserTmuxSession[]> {
  const { execFile } = await import('node:child_process');
  const own = { ...env };
  // Inside a terminal of the daemon, $TMUX names the daemon's server.
  if (env.COPPICE_SESSION_ID !== undefined) delete own.TMUX;
  const format = '#{session_name}\t#{socket_path}\t#{session_path}';
  return new Promise((resolve) => {
    execFile('tmux', ['-N', 'list-sessions', '-F', format], { env: own, timeout: patienceMs }, (error, stdout) => {
      if (error) return resolve([]);
      const lines = stdout.split('\n').filter((line) => line !== '');
      resolve(
        lines.map((line) => {
          const [name = '', socketPath = '', ...path] = line.split('\t');
          return { name, socketPath, path: path.join('\t') };
        }),
      );
    });
  });
}
