// `coppice daemon logs`: the journal where the service runs, else the file.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { locate } from '../../locate.ts';
import { runInherited } from '../attach-to.ts';
import type { Cli } from '../context.ts';

export interface LogsOptions {
  readonly follow: boolean;
  readonly lines: number;
}

export async function daemonLogs(cli: Cli, { follow, lines }: LogsOptions): Promise<void> {
  const { unitDir, logPath, ownHome, socketChosen } = locate({ env: cli.env, home: cli.env.HOME ?? homedir(), socketPath: cli.socketPath });
  const isService = !ownHome && !socketChosen && existsSync(join(unitDir, 'coppice.service'));
  if (isService) {
    const more = follow ? ['--follow'] : ['--no-pager'];
    return cli.exitWith(
      await runInherited(['journalctl', '--user', '--unit=coppice.service', '--output=cat', `--lines=${lines}`, ...more]),
    );
  }
  if (!existsSync(logPath)) {
    throw new Failure('NOT_FOUND', `There is no log at "${logPath}" yet; it begins with the first daemon that is started here.`, {
      details: { entity: 'log', id: logPath },
    });
  }
  cli.exitWith(await runInherited(['tail', `--lines=${lines}`, ...(follow ? ['--follow=name', '--retry'] : []), logPath]));
}
