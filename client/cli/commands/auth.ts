import type { Command } from 'commander';
import type { Login } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { followLogin } from '../follow-login.ts';
import { formatError } from '../format-error.ts';
import { onInterrupts } from '../interrupts.ts';
import { printable } from '../text.ts';

const exitCodeByEnd: Readonly<Record<Login['status'], number>> = {
  granted: exitCodes.ok,
  denied: exitCodes.failed,
  failed: exitCodes.failed,
  expired: exitCodes.timeout,
  cancelled: exitCodes.cancelled,
  // The user left it to the daemon.
  pending: exitCodes.cancelled,
};

export function register(program: Command, cli: Cli): void {
  const auth = program.command('auth').description('logins at the providers of the configuration');
  auth
    .command('login')
    .description('log in by a code and wait: 0 granted, 1 denied or failed, 124 expired, 130 cancelled')
    .argument('<provider>', 'the name of its section, [auth.<provider>]')
    .action((provider: string) => login(cli, provider));
  auth
    .command('status')
    .description('tell whether a provider is logged in')
    .argument('<provider>')
    .action((provider: string) => status(cli, provider));
  auth
    .command('logout')
    .description('forget the tokens of a provider, and tell its server')
    .argument('<provider>')
    .action((provider: string) => logout(cli, provider));
}

async function login(cli: Cli, provider: string): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  // From before the start, so that its end is not missed.
  const { cursor } = client.hello;
  const begun = await client.auth.start({ provider });
  if (out.json) out.document(begun);
  else out.line(printable(`Open ${begun.verificationUri} and enter the code ${begun.userCode}`));
  if (!out.json && begun.verificationUriComplete !== undefined) out.line(printable(`or open ${begun.verificationUriComplete}`));
  const leave = new AbortController();
  const { flowId } = begun;
  const quiet = onInterrupts(
    () => void client.auth.cancel({ flowId }).catch((error: unknown) => out.note(formatError(error))),
    () => leave.abort(),
  );
  try {
    const ended = (await followLogin(client, flowId, cursor, leave.signal)) ?? begun;
    if (out.json) out.document(ended);
    else tell(cli, ended);
    cli.exitWith(exitCodeByEnd[ended.status]);
  } finally {
    quiet();
  }
}

function tell({ out }: Cli, { provider, status: end, reason = '' }: Login): void {
  if (end === 'granted') {
    out.line(`${provider} ${out.paint('granted', 'green')}`);
    return;
  }
  const ends = {
    denied: 'was denied.',
    expired: 'expired before anybody confirmed it.',
    cancelled: 'was cancelled.',
    failed: `failed: ${reason}.`,
    pending: `goes on without you; "coppice auth status ${provider}" tells how it stands.`,
  };
  out.note(printable(`coppice: The login at "${provider}" ${ends[end]}`));
}

async function status(cli: Cli, provider: string): Promise<void> {
  const client = await cli.connect();
  const result = await client.auth.status({ provider });
  const { out } = cli;
  if (out.json) return out.document(result);
  const { loggedIn, expiresAt, scopes, login: latest } = result;
  out.line(`${provider} ${loggedIn ? out.paint('logged in', 'green') : out.paint('not logged in', 'yellow')}`);
  if (expiresAt !== undefined) out.line(`token until ${expiresAt}`);
  if (scopes !== undefined) out.line(printable(`scopes ${scopes.join(' ')}`));
  if (latest?.status === 'pending') out.line(printable(`login waits: ${latest.verificationUri} ${latest.userCode}`));
}

async function logout(cli: Cli, provider: string): Promise<void> {
  const client = await cli.connect();
  const result = await client.auth.logout({ provider });
  const { out } = cli;
  if (out.json) return out.document(result);
  if (!result.loggedOut) return out.line(`${provider} was not logged in`);
  out.line(`${provider} logged out`);
  if (!result.revoked) out.note('coppice: The server did not confirm it; the tokens may be of use to whoever has them.');
}
