import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import type { OutputSink } from '../log-reader.ts';
import type { Output } from '../output.ts';

interface Options {
  follow?: boolean;
  step?: number;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('logs')
    .description('print the output of a session, step after step, byte for byte')
    .argument('<session>', 'id or slug')
    .option('-f, --follow', 'go on until the session has ended')
    .option('-s, --step <index>', 'only one step; show lists them', wholeNumber('--step', 0))
    .action((id: string, options: Options) => logs(cli, id, options));
}

async function logs(cli: Cli, id: string, { follow = false, step }: Options): Promise<void> {
  const client = await cli.connect();
  const { LogReader, followLogs } = await import('../log-reader.ts');
  const { cursor } = client.hello;
  const session = await client.session.get({ id });
  const reader = new LogReader(client, sinkOf(cli.out), { sessionId: session.id, step });
  if (follow) await followLogs(client, reader, session, { after: cursor });
  else await reader.read(session.stepRuns, { toTheEnd: true });
}

/** Bytes as they are, or with --json a document for each part. */
function sinkOf(out: Output): OutputSink {
  return {
    encoding: out.json ? 'utf8' : 'base64',
    async take({ id, index, name }, { offset, nextOffset, data }) {
      if (out.json) out.document({ stepRunId: id, index, name, offset, nextOffset, data });
      else await out.bytes(Buffer.from(data, 'base64'));
    },
  };
}
