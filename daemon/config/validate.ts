// Checking a configuration without taking it.
import { basename, dirname } from 'node:path';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import type { FileText } from './layers.ts';
import { type ConfigSources, readConfig } from './load.ts';

export interface Validation {
  readonly valid: boolean;
  readonly diagnostics: Diagnostic[];
}

export interface ValidateRequest {
  readonly path?: string | undefined;
  readonly text?: string | undefined;
}

export interface ValidateDeps {
  readonly read: (path: string) => Promise<FileText | undefined>;
  /** All layers as they stand now. */
  readonly standing: () => Promise<ConfigSources>;
  /** What is in force: a project's file is laid over it. */
  readonly inForce: () => ConfigSources;
}

export async function validateConfig({ read, standing, inForce }: ValidateDeps, { path, text }: ValidateRequest): Promise<Validation> {
  try {
    if (path === undefined && text === undefined) return judge(await standing());
    const file = text === undefined ? await read(path ?? '') : { path: path ?? '(text)', text };
    if (file !== undefined) return judge(isOfProject(file.path) ? { ...inForce(), project: file } : { user: file });
  } catch (error) {
    if (isFailure(error) && error.kind === 'CONFIG_INVALID') return refused((error.details?.diagnostics ?? []) as Diagnostic[]);
    throw error;
  }
  throw new Failure('NOT_FOUND', `There is no file "${path}"; correct the path.`, { details: { entity: 'file', id: path } });
}

export function isOfProject(path: string): boolean {
  return basename(path) === 'config.toml' && basename(dirname(path)) === '.coppice';
}

async function judge(sources: ConfigSources): Promise<Validation> {
  const read = await readConfig(sources);
  return 'loaded' in read ? { valid: true, diagnostics: [...read.loaded.warnings] } : refused(read.diagnostics);
}

function refused(diagnostics: Diagnostic[]): Validation {
  return { valid: false, diagnostics };
}
