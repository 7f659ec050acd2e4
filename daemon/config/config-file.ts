// Reading a configuration file: absent, a text, or a sentence about why it is none.
import { limits } from '../../schemas/limits.ts';
import type { FileReader } from '../tools/files.ts';
import type { FileText } from './layers.ts';
import { invalidConfig } from './load.ts';

export type ConfigFiles = Pick<FileReader, 'stat' | 'readFile'>;

/** Undefined when there is none. Throws CONFIG_INVALID for what cannot be a configuration. */
export async function readConfigFile(files: ConfigFiles, path: string): Promise<FileText | undefined> {
  const refuse = (message: string): Error => invalidConfig([{ level: 'error', path, message }]);
  const found = await files.stat(path).catch((error: Error) => Promise.reject(refuse(`cannot be read: ${error.message}`)));
  if (found === undefined) return undefined;
  if (found.kind !== 'file') throw refuse('is no file');
  if (found.sizeBytes > limits.configFileBytes) throw refuse(`has more than the ${limits.configFileBytes} bytes a configuration may have`);
  const bytes = await files.readFile(path).catch((error: Error) => Promise.reject(refuse(`cannot be read: ${error.message}`)));
  if (bytes === undefined) return undefined;
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw refuse('is not UTF-8');
  }
}
