// The files that hold what opens something: tokens by provider, and the device code of a login. Mode 0600 in a folder of mode 0700, each
// written whole and durable before anybody acts on it; one that others could read is refused.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../schemas/errors.ts';
import { readOwnFile, writeOwnFile } from '../tools/own-files.ts';

const TokenRecord = z.object({
  /** Of the provider that they come from. */
  identity: z.string(),
  /** The login that brought them. */
  flowId: z.string(),
  accessToken: z.string().min(1),
  tokenType: z.string(),
  refreshToken: z.string().min(1).optional(),
  /** Milliseconds since the epoch; absent: it does not end. */
  expiresAt: z.number().optional(),
  scopes: z.array(z.string()).optional(),
});
export type TokenRecord = z.infer<typeof TokenRecord>;

export interface TokenFiles {
  /** Undefined when there is none. */
  read(provider: string): TokenRecord | undefined;
  write(provider: string, record: TokenRecord): void;
  /** False when there was none. */
  remove(provider: string): boolean;
  readCode(flowId: string): string | undefined;
  writeCode(flowId: string, deviceCode: string): void;
  removeCode(flowId: string): void;
  /** Removes the codes of logins that are not among these. */
  sweepCodes(flowIds: readonly string[]): void;
}

export function createTokenFiles({ dir, uid }: { dir: string; uid: number }): TokenFiles {
  const pathOf = (provider: string): string => join(dir, `${provider}.json`);
  const codePathOf = (flowId: string): string => join(dir, `${flowId}.code`);
  return {
    read(provider) {
      const fix = `remove it and run "coppice auth login ${provider}"`;
      const text = readOwnFile(pathOf(provider), uid, { fix });
      if (text === undefined) return undefined;
      const record = TokenRecord.safeParse(parsed(text));
      if (record.success) return record.data;
      throw new Failure('PRECONDITION', `The file "${pathOf(provider)}" is damaged; ${fix}.`, { details: { reason: 'damaged_file' } });
    },
    write: (provider, record) => writeOwnFile(pathOf(provider), `${JSON.stringify(record)}\n`),
    remove(provider) {
      // What a daemon that died while writing left holds a token too.
      rmSync(`${pathOf(provider)}.new`, { force: true });
      try {
        rmSync(pathOf(provider));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    },
    readCode: (flowId) => readOwnFile(codePathOf(flowId), uid),
    writeCode: (flowId, deviceCode) => writeOwnFile(codePathOf(flowId), deviceCode),
    removeCode: (flowId) => rmSync(codePathOf(flowId), { force: true }),
    sweepCodes(flowIds) {
      const kept = new Set(flowIds.map((id) => `${id}.code`));
      for (const name of readdirSync(dir)) if (name.endsWith('.code') && !kept.has(name)) rmSync(join(dir, name), { force: true });
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
