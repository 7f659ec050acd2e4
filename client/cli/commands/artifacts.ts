import type { Command } from 'commander';
import type { Artifact } from '../../../schemas/index.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Client } from '../../client.ts';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { size } from '../text.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('artifacts')
    .description('list the files a session left, or print one of them byte for byte')
    .argument('<session>', 'id or slug')
    .argument('[path]', 'path or id of one artifact, to print it')
    .option('-k, --kind <kind>', 'only those of one kind')
    .action((session: string, path: string | undefined, options: { kind?: string }) => artifacts(cli, session, path, options.kind));
}

async function artifacts(cli: Cli, session: string, path: string | undefined, kind: string | undefined): Promise<void> {
  const client = await cli.connect();
  const found = await listAll(client, session, kind);
  const { out } = cli;
  if (path !== undefined) return print(cli, client, found, path);
  if (out.json) return out.document({ artifacts: found });
  out.table(
    ['KIND', 'SIZE', 'ID', 'PATH'],
    found.map((artifact) => [artifact.kind, out.terminal ? size(artifact.sizeBytes) : artifact.sizeBytes, artifact.id, artifact.path]),
  );
}

async function listAll(client: Client, session: string, kind: string | undefined): Promise<Artifact[]> {
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

async function print(cli: Cli, client: Client, found: readonly Artifact[], path: string): Promise<void> {
  const artifact = found.find((one) => one.path === path || one.id === path);
  if (artifact === undefined) throw new UsageError(`The session has no artifact "${path}"; without a path they are listed.`);
  if (cli.out.json) return cli.out.document(artifact);
  for (let offset = 0; ; ) {
    const part = await client.artifact.read({ id: artifact.id, offset, limit: limits.readArtifactBytes, encoding: 'base64' });
    await cli.out.bytes(Buffer.from(part.data, 'base64'));
    if (part.nextOffset >= part.sizeBytes || part.nextOffset === offset) return;
    offset = part.nextOffset;
  }
}
