// Checking a configuration: by the daemon that runs, or by a program of ours that only checks, for the case that none comes up.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { daemonEntry } from '../../rpc/package-info.ts';
import type { ResultOf } from '../../schemas/index.ts';
import { isRpcClientError } from '../client-error.ts';
import type { Cli } from './context.ts';
import { UsageError } from './exit-codes.ts';

type Validation = ResultOf<'config.validate'>;

const checkMs = 30_000;

/** A file, or without one what the daemon reads. */
export async function checkFile(cli: Cli, path: string | undefined): Promise<Validation> {
  try {
    const client = await cli.connect({ autoStart: false });
    return await client.config.validate(path === undefined ? {} : { path, text: await textOf(path) });
  } catch (error) {
    if (isRpcClientError(error) && error.code === 'NOT_CONNECTED') return checkByProgram(cli, path);
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The file "${path}" cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

function checkByProgram(cli: Cli, path: string | undefined): Validation {
  const words = [daemonEntry(), '--check-config', ...(path === undefined ? [] : ['--config', path])];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: checkMs, env: { ...cli.env } });
  try {
    return JSON.parse(stdout) as Validation;
  } catch (cause) {
    throw new Error(`The configuration could not be checked: ${stderr.trim() || 'coppiced said nothing'}`, { cause });
  }
}
