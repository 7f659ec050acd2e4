import type { Command } from 'commander';
import type { Scope, Token } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { age } from '../text.ts';

const dayMs = 24 * 60 * 60 * 1000;

interface CreateOptions {
  scope: string[];
  expires?: string;
}

export function register(program: Command, cli: Cli): void {
  const token = program.command('token').description('tokens for WebSocket clients');
  token
    .command('create')
    .description('make a token and print it, once')
    .argument('<name>', 'what to call it')
    .requiredOption('-s, --scope <scope...>', 'what it may do: session, read, operate, approve, admin')
    .option('-e, --expires <when>', 'a time, or a number of days like 30d')
    .action((name: string, options: CreateOptions) => create(cli, name, options));
  token
    .command('list')
    .description('list tokens, without their secrets')
    .action(() => list(cli));
  token
    .command('revoke')
    .description('end a token at once')
    .argument('<token>', 'id or name')
    .action(async (ref: string) => {
      const client = await cli.connect();
      const result = await client.auth.revokeToken({ token: ref });
      if (cli.out.json) cli.out.document(result);
      else cli.out.line(`${ref} revoked`);
    });
}

async function create(cli: Cli, name: string, { scope, expires }: CreateOptions): Promise<void> {
  const client = await cli.connect();
  const token = await client.auth.createToken({
    name,
    // A scope that this client does not know is the daemon's to refuse.
    scopes: scope.flatMap((word) => word.split(',')) as Scope[],
    ...(expires === undefined ? {} : { expiresAt: expiryOf(expires, Date.now()) }),
  });
  if (cli.out.json) return cli.out.document(token);
  cli.out.line(token.token);
  cli.out.note('coppice: This is the only time that the token is shown.');
}

function expiryOf(text: string, now: number): string {
  const days = /^(\d{1,5})d$/.exec(text);
  const time = days ? now + Number(days[1]) * dayMs : Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`"${text}" is not a time; write one like 2027-01-31T12:00:00Z, or days like 30d.`);
  return new Date(time).toISOString();
}

async function list(cli: Cli): Promise<void> {
  const client = await cli.connect();
  const tokens: Token[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.auth.listTokens({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    tokens.push(...page.tokens);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const { out } = cli;
  if (out.json) return out.document({ tokens });
  const now = Date.now();
  out.table(
    ['TOKEN', 'SCOPES', 'AGE', 'EXPIRES', 'REVOKED', 'ID'],
    tokens.map((token) => [
      token.name,
      token.scopes.join(','),
      out.terminal ? age(token.createdAt, now) : token.createdAt,
      token.expiresAt,
      token.revokedAt,
      token.id,
    ]),
  );
}
