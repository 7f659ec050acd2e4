import type { Command } from 'commander';
import type { ResultOf } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { age, oneLine, size } from '../text.ts';

export function registerDatabase(daemon: Command, cli: Cli): void {
  const db = daemon.command('db').description('look after the database of the daemon');
  db.command('status')
    .description('show its size, what of it is free, and its backups')
    .action(() => status(cli));
  db.command('vacuum')
    .description('remove what is old now, as every hour, and give all free space back')
    .option('--dry-run', 'only tell what would go')
    .action((options: { dryRun?: boolean }) => vacuum(cli, options.dryRun ?? false));
  db.command('backup')
    .description('write a whole, checked copy while the daemon runs')
    .argument('[file]', 'where to; it must not exist (default: a new one in the backup directory)')
    .action((file: string | undefined) => backup(cli, file));
  db.command('check')
    .description('look through all of it for damage; exits with 1 when there is any')
    .action(() => check(cli));
}

async function status({ connect, out }: Cli): Promise<void> {
  const client = await connect();
  const result = await client.daemon.dbStatus();
  if (out.json) return out.document(result);
  const { sizeBytes, freeBytes, walBytes, rows, keptHouseAt, backups } = result;
  const facts: [string, string][] = [
    ['database', `${result.path} (version ${result.version})`],
    ['size', `${size(sizeBytes)}, ${size(freeBytes)} of it free, and ${size(walBytes)} in its log`],
    ['holds', `${rows.sessions} sessions, ${rows.events} events`],
    ['upkeep', keptHouseAt === undefined ? 'not done yet' : `done ${age(keptHouseAt, Date.now())} ago`],
    ['backups', backups.length === 0 ? 'none' : `${backups.length}`],
  ];
  for (const [name, value] of facts) out.line(`${out.paint(name.padEnd(10), 'dim')} ${value}`);
  out.table(
    ['CREATED', 'SIZE', 'BACKUP'],
    backups.map((one) => [one.createdAt, size(one.sizeBytes), one.path]),
  );
}

async function vacuum({ connect, out }: Cli, dryRun: boolean): Promise<void> {
  const client = await connect();
  const result = await client.daemon.dbVacuum({ dryRun });
  if (out.json) out.document(result);
  else printUpkeep(out, result);
  for (const problem of result.problems) out.note(`coppice: ${oneLine(problem)}`);
}

function printUpkeep(out: Output, { dryRun, removed, archived, purged, freedBytes }: ResultOf<'daemon.dbVacuum'>): void {
  const would = dryRun ? 'would be ' : '';
  out.line(`${removed.events} events, ${removed.receipts} receipts and ${removed.removedWorktrees} saved worktrees ${would}removed`);
  out.line(
    `artifacts of ${archived.sessions} sessions ${would}packed (${size(archived.sizeBytes)}), of ${purged.sessions} ${would}deleted`,
  );
  out.line(`${size(freedBytes)} ${would}given back`);
}

async function backup({ connect, out, cwd }: Cli, file: string | undefined): Promise<void> {
  const { resolve } = await import('node:path');
  const client = await connect();
  const result = await client.daemon.dbBackup(file === undefined ? {} : { path: resolve(cwd, file) });
  if (out.json) return out.document(result);
  out.line(`${result.path} ${size(result.sizeBytes)} sha256 ${result.sha256}`);
}

async function check(cli: Cli): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  const result = await client.daemon.dbCheck();
  if (out.json) out.document(result);
  else {
    for (const { kind, message } of result.problems) out.line(`${out.paint(kind, 'red')} ${oneLine(message)}`);
    if (result.ok) out.line(out.paint('The database is sound.', 'green'));
  }
  if (!result.ok) cli.exitWith(exitCodes.failed);
}
