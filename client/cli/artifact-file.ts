// Artifacts between the daemon and files of this machine: whole pages of a list, bytes as they are.
import { resolve } from 'node:path';
import type { Artifact } from '../../schemas/index.ts';
import { limits } from '../../schemas/limits.ts';
import type { Client } from '../client.ts';
import type { Cli } from './context.ts';
import { UsageError } from './exit-codes.ts';

export async function listArtifacts(client: Client, session: string, kind: string | undefined): Promise<Artifact[]> {
  const found: Artifact[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.artifact.list({
      session,
      limit: 200,
      ...(kind === undefined ? {} : { kind: kind as Artifact['kind'] }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.artifacts);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

export async function printArtifact(cli: Cli, client: Client, session: string, path: string): Promise<void> {
  const artifact = (await listArtifacts(client, session, undefined)).find((one) => one.path === path || one.id === path);
  if (artifact === undefined) throw new UsageError(`The session has no artifact "${path}"; without a path they are listed.`);
  if (cli.out.json) return cli.out.document(artifact);
  for (let offset = 0; ; ) {
    const part = await client.artifact.read({ id: artifact.id, offset, limit: limits.readArtifactBytes, encoding: 'base64' });
    await cli.out.bytes(Buffer.from(part.data, 'base64'));
    if (part.nextOffset >= part.sizeBytes || part.nextOffset === offset) return;
    offset = part.nextOffset;
  }
}

/** A file goes by its path, which the daemon checks; "-" is standard input and goes by its content. */
export async function putArtifact(
  cli: Cli,
  client: Client,
  session: string,
  file: string,
  options: { name?: string; kind?: string },
): Promise<void> {
  const kind = options.kind === undefined ? {} : { kind: options.kind as Artifact['kind'] };
  if (file === '-' && options.name === undefined) throw new UsageError('What comes from stdin needs a name; give --name.');
  const path = resolve(cli.cwd, file);
  const name = options.name ?? file.slice(file.lastIndexOf('/') + 1);
  const stored =
    file === '-'
      ? await client.artifact.put({ session, name, ...kind, content: await stdinAsBase64(cli), encoding: 'base64' })
      : await client.artifact.put({ session, name, ...kind, path });
  if (cli.out.json) cli.out.document(stored);
  else cli.out.line(`${stored.path} ${stored.id}`);
}

async function stdinAsBase64(cli: Cli): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of cli.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('base64');
}
