import type { Command } from 'commander';
import type { Lease } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import { age } from '../text.ts';

interface Owner {
  session?: string;
  worktree?: string;
}

interface ReserveOptions extends Owner {
  pool?: string;
  value?: string;
  slots?: number;
}

const kinds: readonly Lease['kind'][] = ['port', 'name', 'slot'];

export function register(program: Command, cli: Cli): void {
  const leases = program
    .command('leases')
    .description('list, reserve and release ports, names and slots')
    .option('-s, --session <session>', 'only those of a session: id or slug')
    .option('-w, --worktree <worktree>', 'only those of a worktree: id, branch or path')
    .action((options: Owner) => list(cli, options));
  leases
    .command('reserve')
    .description('reserve a free port, a name or a slot until its owner ends; prints it')
    .argument('<kind>', kinds.join(', '))
    .argument('<key>', 'what to call it: WEB gives steps COPPICE_LEASE_WEB')
    .option('-s, --session <session>', 'for a session; default: the one this runs in')
    .option('-w, --worktree <worktree>', 'for a worktree')
    .option('--pool <pool>', 'of names or slots')
    .option('--value <value>', 'a certain port or name; default: a free one')
    .option('--slots <count>', 'how many slots the pool has', wholeNumber('--slots', 1))
    .action((kind: string, key: string, _: ReserveOptions, command: Command) =>
      reserve(cli, kind as Lease['kind'], key, command.optsWithGlobals<ReserveOptions>()),
    );
  leases
    .command('release')
    .description('give a lease back before its owner ends')
    .argument('<id>')
    .action(async (id: string) => {
      const client = await cli.connect();
      const result = await client.lease.release({ id });
      if (cli.out.json) cli.out.document(result);
      else cli.out.line(`${id} released`);
    });
}

async function list(cli: Cli, owner: Owner): Promise<void> {
  const client = await cli.connect();
  const found: Lease[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.lease.list({ limit: 200, ...ownerOf(owner), ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.leases);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const { out } = cli;
  if (out.json) return out.document({ leases: found });
  const now = Date.now();
  out.table(
    ['KIND', 'KEY', 'VALUE', 'POOL', 'AGE', 'ID', 'OWNER'],
    found.map((lease) => [
      lease.kind,
      lease.key,
      lease.value,
      lease.pool,
      out.terminal ? age(lease.createdAt, now) : lease.createdAt,
      lease.id,
      lease.sessionId ?? lease.worktreeId,
    ]),
  );
}

async function reserve(cli: Cli, kind: Lease['kind'], key: string, options: ReserveOptions): Promise<void> {
  const client = await cli.connect();
  const { pool, value, slots, worktree } = options;
  const session = options.session ?? (worktree === undefined ? cli.env.COPPICE_SESSION_ID : undefined);
  const lease = await client.lease.reserve({
    kind,
    key,
    ...ownerOf({ ...(session === undefined ? {} : { session }), ...(worktree === undefined ? {} : { worktree }) }),
    ...(pool === undefined ? {} : { pool }),
    ...(value === undefined ? {} : { value }),
    ...(slots === undefined ? {} : { slots }),
  });
  if (cli.out.json) cli.out.document(lease);
  else cli.out.line(lease.value);
}

function ownerOf({ session, worktree }: Owner): Owner {
  return { ...(session === undefined ? {} : { session }), ...(worktree === undefined ? {} : { worktree }) };
}
