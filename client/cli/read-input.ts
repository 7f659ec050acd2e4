import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from './exit-codes.ts';

export async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of a file by its path from the working directory; "-" is stdin. */
export async function readText(path: string, { stdin, cwd }: { stdin: NodeJS.ReadableStream; cwd: string }): Promise<string> {
  return path === '-' ? readAll(stdin) : readNamed(resolve(cwd, path));
}

/** JSON from a word: the text itself, `@file`, or `-` for stdin. */
export async function readJson(word: string, stdin: NodeJS.ReadableStream): Promise<unknown> {
  const text = word === '-' ? await readAll(stdin) : word.startsWith('@') ? await readNamed(word.slice(1)) : word;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`The parameters are not JSON: ${(cause as Error).message}.`, { cause });
  }
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The file "${path}" cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
