// What a step wrote to its output file, as shared data: `key=value` lines, or lines that are JSON objects.
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { limits } from '../../schemas/limits.ts';
import { smallFiles } from '../tools/small-files.ts';

export interface PublishedValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Lines that are neither form, values over the bound, a file that is none. */
  readonly problems: readonly string[];
}

export function parsePublished(text: string): PublishedValues {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const members = line.startsWith('{') ? parseObject(line) : parsePair(line);
    if (!members) problems.push(`line ${index + 1} is neither key=value nor a JSON object`);
    for (const [key, value] of Object.entries(members ?? {})) {
      const bytes = Buffer.byteLength(JSON.stringify(value));
      if (key === '' || key.length > limits.nameChars) problems.push(`line ${index + 1} has a key of ${key.length} characters`);
      else if (bytes > limits.sharedDataBytes)
        problems.push(`the value of "${key}" has ${bytes} bytes, over the limit of ${limits.sharedDataBytes}`);
      else values.set(key, value);
    }
  }
  return { values: Object.fromEntries(values), problems };
}

/** Reads and deletes the file; no file is nothing published. */
export async function takePublished(path: string): Promise<PublishedValues> {
  const read = await readBounded(path).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : { problem: `it cannot be read (${error.code ?? error.message})` },
  );
  if (read === undefined) return { values: {}, problems: [] };
  await rm(path, { recursive: true, force: true });
  return 'text' in read ? parsePublished(read.text) : { values: {}, problems: [read.problem] };
}

/** A step can put anything in its place: opening a pipe would wait for its writer, and a device has no end. */
async function readBounded(path: string): Promise<{ readonly text: string } | { readonly problem: string }> {
  if (!(await smallFiles.linkStat(path)).isFile()) return { problem: 'it is no regular file any more' };
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(limits.publishedBytes + 1), 0, limits.publishedBytes + 1, 0);
    if (bytesRead > limits.publishedBytes) return { problem: `it is longer than ${limits.publishedBytes} bytes` };
    return { text: buffer.toString('utf8', 0, bytesRead) };
  } finally {
    await file.close();
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function parsePair(line: string): Record<string, unknown> | undefined {
  const at = line.indexOf('=');
  return at > 0 ? { [line.slice(0, at).trim()]: line.slice(at + 1) } : undefined;
}
