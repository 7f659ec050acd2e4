import type { Command } from 'commander';
import { listArtifacts, printArtifact, putArtifact } from '../artifact-file.ts';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../key-values.ts';
import { size } from '../text.ts';

interface ListOptions {
  kind?: string;
  put?: string;
}

interface PruneOptions {
  olderThan?: number;
  keep?: number;
  dryRun?: boolean;
}

const session = ['<session>', 'id or slug'] as const;
const kindOption = ['-k, --kind <kind>', 'spec, log, output, prompt, analysis, plan or config; default: output'] as const;

export function register(program: Command, cli: Cli): void {
  program
    .command('artifacts')
    .description('list the files a session left, or print one of them byte for byte')
    .argument(...session)
    .argument('[path]', 'path or id of one artifact, to print it')
    .option('-k, --kind <kind>', 'only those of one kind')
    .option('--put <file>', 'store a file of its worktree or project instead')
    .action((ref: string, path: string | undefined, options: ListOptions) => artifacts(cli, ref, path, options));
  const artifact = program.command('artifact').description('read, store, pack and delete files that sessions left');
  artifact
    .command('read')
    .description('print one artifact byte for byte')
    .argument(...session)
    .argument('<path>', 'path or id')
    .action(async (ref: string, path: string) => printArtifact(cli, await cli.connect(), ref, path));
  artifact
    .command('put')
    .description('store a file of the worktree or project of a session, or what stdin holds')
    .argument(...session)
    .argument('<file>', 'the file; "-" is stdin')
    .option('-n, --name <name>', 'what to call it; default: the name of the file')
    .option(...kindOption)
    .action(async (ref: string, file: string, options: { name?: string; kind?: string }) =>
      putArtifact(cli, await cli.connect(), ref, file, options),
    );
  artifact
    .command('archive')
    .description('pack the artifacts of an ended session into one tar.gz')
    .argument(...session)
    .action((ref: string) => archive(cli, ref));
  artifact
    .command('prune')
    .description('delete artifacts of ended sessions that keep no worktree')
    .option('--older-than <days>', 'those that ended so many days ago', days)
    .option('--keep <bytes>', 'the oldest, until no more than this is left', wholeNumber('--keep', 0))
    .option('--dry-run', 'only tell what would go')
    .action((options: PruneOptions) => prune(cli, options));
}

async function artifacts(cli: Cli, ref: string, path: string | undefined, { kind, put }: ListOptions): Promise<void> {
  const client = await cli.connect();
  if (put !== undefined) return putArtifact(cli, client, ref, put, kind === undefined ? {} : { kind });
  if (path !== undefined) return printArtifact(cli, client, ref, path);
  const found = await listArtifacts(client, ref, kind);
  const { out } = cli;
  if (out.json) return out.document({ artifacts: found });
  out.table(
    ['KIND', 'SIZE', 'ID', 'PATH'],
    found.map((one) => [one.kind, out.terminal ? size(one.sizeBytes) : one.sizeBytes, one.id, one.path]),
  );
}

async function archive(cli: Cli, ref: string): Promise<void> {
  const client = await cli.connect();
  const packed = await client.artifact.archive({ session: ref });
  if (cli.out.json) cli.out.document(packed);
  else cli.out.line(`${packed.path} ${packed.sha256}`);
}

async function prune(cli: Cli, { olderThan, keep, dryRun = false }: PruneOptions): Promise<void> {
  if (olderThan === undefined && keep === undefined) throw new UsageError('Say what may go: --older-than <days>, --keep <bytes>, or both.');
  const client = await cli.connect();
  const result = await client.artifact.prune({
    dryRun,
    ...(olderThan === undefined ? {} : { olderThanDays: olderThan }),
    ...(keep === undefined ? {} : { keepBytes: keep }),
  });
  const { out } = cli;
  if (out.json) return out.document(result);
  out.table(
    ['SESSION', 'SIZE', 'ENDED'],
    result.sessions.map((one) => [one.slug, out.terminal ? size(one.sizeBytes) : one.sizeBytes, one.endedAt]),
  );
  out.note(`coppice: ${result.sessions.length} sessions, ${size(result.sizeBytes)}${dryRun ? ' would be deleted' : ' deleted'}.`);
}

function days(text: string): number {
  const value = Number(text.replace(/d$/, ''));
  if (text === '' || !(value >= 0)) throw new UsageError(`"${text}" is no number of days; write one like 30.`);
  return value;
}
