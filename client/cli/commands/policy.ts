import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { KeptDecision, ParamsOf, PolicyDecision } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import type { Cell, Colour } from '../output.ts';
import { age, printable } from '../text.ts';

interface ExplainOptions {
  executable?: string;
  env?: string;
  path?: string;
  timeout?: number;
  artifactBytes?: number;
}

interface ListOptions {
  session?: string;
  denied?: boolean;
}

const colours: Readonly<Record<PolicyDecision['decision'], Colour>> = { allow: 'green', warn: 'yellow', deny: 'red' };

export function register(program: Command, cli: Cli): void {
  const policy = program.command('policy').description('what may run, as the configuration of the user says');
  policy
    .command('explain')
    .description('tell the rules in force, or what they say of the things that are named')
    .option('--executable <program>', 'a program, by name or path')
    .option('--env <name>', 'a variable that a client would pass on')
    .option('--path <directory>', 'a working directory')
    .option('--timeout <seconds>', 'the timeout of a command; 0 is none', wholeNumber('--timeout', 0))
    .option('--artifact-bytes <bytes>', 'the artifacts of a session', wholeNumber('--artifact-bytes', 0))
    .action((options: ExplainOptions) => explain(cli, options));
  policy
    .command('decisions')
    .description('list what was refused or warned about, newest first')
    .option('-s, --session <session>', 'only of a session: id or slug')
    .option('--denied', 'only what was refused')
    .action((options: ListOptions) => list(cli, options));
}

async function explain(cli: Cli, { timeout, path, executable, ...others }: ExplainOptions): Promise<void> {
  const asked: ParamsOf<'policy.explain'> = {
    ...others,
    ...(executable === undefined ? {} : { executable: executable.includes('/') ? resolve(cli.cwd, executable) : executable }),
    ...(path === undefined ? {} : { path: resolve(cli.cwd, path) }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
  };
  const client = await cli.connect();
  const result = await client.policy.explain(asked);
  const { out } = cli;
  if (out.json) return out.document(result);
  if (Object.keys(asked).length === 0) {
    out.table(
      ['RULE', 'SETTING'],
      result.rules.map(({ ruleId, setting }) => [ruleId, JSON.stringify(setting)]),
    );
    return;
  }
  for (const { decision, ruleId, message, fix = '' } of result.decisions) {
    out.line(`${out.paint(decision, colours[decision])} ${printable(`${message} (${ruleId}) ${fix}`.trimEnd())}`);
  }
}

async function list(cli: Cli, { session, denied }: ListOptions): Promise<void> {
  const client = await cli.connect();
  const filter = { ...(session === undefined ? {} : { session }), ...(denied ? { decision: 'deny' as const } : {}) };
  const found: KeptDecision[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.policy.listDecisions({ limit: 200, ...filter, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.decisions);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const { out } = cli;
  if (out.json) return out.document({ decisions: found });
  const now = Date.now();
  out.table(
    ['DECISION', 'RULE', 'AGE', 'ACTOR', 'SESSION', 'MESSAGE'],
    found.map(({ decision, ruleId, at, actor, sessionId, message }): Cell[] => [
      { text: decision, colour: colours[decision] },
      ruleId,
      out.terminal ? age(at, now) : at,
      actor,
      sessionId,
      message,
    ]),
  );
}
