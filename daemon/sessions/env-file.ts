// What a session needs from its starting client and must not be in the database: a file of mode 0600 that goes when the session ends, or
// the group that it is a member of.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { McpServer } from '../../schemas/work-session.ts';
import type { ArgumentValues } from '../commands/arguments.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { writeWhole } from '../tools/write-whole.ts';
import type { Environment } from './environment.ts';

export interface SessionSecrets {
  readonly environment: Environment;
  /** Who started it. */
  readonly user?: string;
  /** As given, secrets in clear. */
  readonly arguments: ArgumentValues;
  /** The text of the prompt file as the session found it; it becomes an artifact when the first step is due. */
  readonly prompt?: string;
  /** The prompt was given as it is to be, so nothing in it is a template. */
  readonly promptIsPlain?: boolean;
  /** What the client had of credentials that are variables, by the name of the credential. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Secrets that steps were given, to be masked wherever they turn up. */
  readonly shown?: readonly string[];
  /** Programs that the agent of a work session is to start; they may hold secrets. */
  readonly mcpServers?: readonly McpServer[];
  /** COPPICE_TOKEN of its processes. */
  readonly token: string;
}

export interface EnvFiles {
  write(sessionId: string, secrets: SessionSecrets): Promise<void>;
  read(sessionId: string): Promise<SessionSecrets>;
  /** Of the client alone; empty once the file is gone, which everywhere means that of the daemon. */
  environmentOf(id: string): Promise<Environment>;
  /** Of a work session; none where nothing was written. */
  mcpServersOf(id: string): Promise<readonly McpServer[]>;
  remove(sessionId: string): Promise<void>;
  /** Removes what a daemon that died left of sessions other than these. */
  sweep(sessionIds: readonly string[]): Promise<void>;
}

/** At the end of a session. A member of a group may be tried again, so its file goes with the group. */
export async function dropEnvironment(files: Pick<EnvFiles, 'remove'>, session: Pick<SessionRecord, 'id' | 'groupId'>): Promise<void> {
  if (session.groupId === undefined) await files.remove(session.id);
}

// The folder is the daemon's own and near, and the files are small: they are read and written at once, without the thread pool.
export function createEnvFiles(dir: string): EnvFiles {
  const pathOf = (sessionId: string): string => join(dir, sessionId);
  const readSecrets = (id: string): SessionSecrets => JSON.parse(readFileSync(pathOf(id), 'utf8')) as SessionSecrets;
  const secretsIfThere = (id: string): SessionSecrets | undefined => {
    try {
      return readSecrets(id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    async write(sessionId, secrets) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeWhole(pathOf(sessionId), JSON.stringify(secrets));
    },
    async read(sessionId) {
      try {
        return readSecrets(sessionId);
      } catch (cause) {
        throw new Failure('PRECONDITION', `The environment of session "${sessionId}" is gone from "${dir}"; start the command again.`, {
          details: { reason: 'environment_lost' },
          cause,
        });
      }
    },
    environmentOf: async (id) => secretsIfThere(id)?.environment ?? {},
    mcpServersOf: async (id) => secretsIfThere(id)?.mcpServers ?? [],
    async remove(sessionId) {
      rmSync(pathOf(sessionId), { force: true });
    },
    async sweep(sessionIds) {
      const kept = new Set(sessionIds);
      const names = await readdir(dir).catch(() => []);
      for (const name of names) if (!kept.has(name)) rmSync(join(dir, name), { force: true });
    },
  };
}
