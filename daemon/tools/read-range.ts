import { open } from 'node:fs/promises';

export interface Range {
  readonly offset: number;
  readonly nextOffset: number;
  /** Of the whole file. */
  readonly size: number;
  readonly data: string;
}

/**
 * Reads a range of a file; undefined when there is no file. A negative offset counts from the end. As utf8 the range ends before a
 * character it would cut, unless the file is complete and ends there.
 */
export async function readRange(
  path: string,
  {
    offset,
    limit,
    encoding,
    complete,
    base = 0,
  }: { offset: number; limit: number; encoding: 'utf8' | 'base64'; complete: boolean; base?: number },
): Promise<Range | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const size = Math.max(0, (await file.stat()).size - base);
    const start = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(limit, size - start)),
      0,
      Math.min(limit, size - start),
      base + start,
    );
    const bytes = buffer.subarray(0, bytesRead);
    const atEnd = complete && start + bytesRead === size;
    const cut = encoding === 'utf8' && !atEnd ? cutBytes(bytes) : 0;
    // Who reads fewer bytes than a character may have gets them as they are, or would never come on.
    const kept = cut === bytes.length && limit < longestCharacterBytes ? bytes : bytes.subarray(0, bytes.length - cut);
    return { offset: start, nextOffset: start + kept.length, size, data: kept.toString(encoding) };
  } finally {
    await file.close();
  }
}

const longestCharacterBytes = 4;

/** How many bytes at the end begin a character that does not end here. */
export function cutBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
