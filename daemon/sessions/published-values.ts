// What a step wrote to its output file, as shared data: `key=value` lines, or lines that are JSON objects.
import { readFile, rm, stat } from 'node:fs/promises';
import { limits } from '../../schemas/limits.ts';

export interface PublishedValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Lines that are neither form, and values over the bound. */
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
  const text = await readBounded(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  await rm(path, { force: true });
  return parsePublished(text);
}

/** A file over the bound publishes nothing but the news of that. */
async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path);
  return size <= limits.publishedBytes ? readFile(path, 'utf8') : `${size} bytes are over the limit of ${limits.publishedBytes}`;
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
