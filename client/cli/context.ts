// What a command gets: the surroundings of the process, output, and connections that are closed for it.
import type { Client } from '../client.ts';
import type { Env } from '../locate.ts';
import type { Output } from './output.ts';

export interface Cli {
  readonly env: Env;
  readonly cwd: string;
  readonly out: Output;
  /** --socket, when it was given. */
  readonly socketPath: string | undefined;
  /** stdin and stdout are both terminals. */
  readonly interactive: boolean;
  readonly stdin: NodeJS.ReadableStream;
  /** For bytes that are not ours to format. */
  readonly stdout: NodeJS.WritableStream;
  connect(options?: CliConnectOptions): Promise<Client>;
  exitWith(code: number): void;
}

export interface CliConnectOptions {
  /** Default: true, within the rules of connect(). */
  readonly autoStart?: boolean;
  /** Go on with a daemon that speaks another protocol: enough to see and stop it. */
  readonly anyProtocol?: boolean;
  /** How long a daemon that went away is waited for. */
  readonly reconnectMs?: number;
}

/** The repository of the working directory, registered on first use; or the project that was named. */
export async function projectOf(cli: Cli, client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const project = await client.project.add({ path: cli.cwd });
  return project.id;
}
