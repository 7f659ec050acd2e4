import type { Session } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import type { Env } from '../locate.ts';
import { type Cli, projectOf } from './context.ts';

export interface StartRequest {
  readonly command: string;
  readonly arguments: Record<string, string | string[]>;
  readonly project: string | undefined;
}

/** Starts a session in the project of the working directory, with the environment of this process. */
export async function startSession(cli: Cli, client: Client, request: StartRequest): Promise<Session> {
  return client.session.start({
    project: await projectOf(cli, client, request.project),
    command: request.command,
    arguments: request.arguments,
    environment: environmentFor(cli.env),
  });
}

/** The daemon drops our own variables too; the token of a session is better not sent at all. */
export function environmentFor(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return value !== undefined && name !== '' && name.length <= 256 && !name.startsWith('COPPICE_');
  });
  return Object.fromEntries(entries);
}
