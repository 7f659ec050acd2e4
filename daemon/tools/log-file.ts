// The log as a file that is turned over when it is large: one older file is kept. Lines are written as they come, so that the last words
// before a death are there.
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LogFile {
  write(line: string): void;
  close(): void;
}

const largestBytes = 16 * 1024 * 1024;

export function openLogFile(path: string): LogFile {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let lost = 0;
  const turnOver = (): void => {
    renameSync(path, `${path}.1`);
    const next = openSync(path, 'a', 0o600);
    closeSync(file);
    file = next;
    size = 0;
  };
  /** Whole lines or nothing: what a full disk cut off is taken back. */
  const append = (text: string): void => {
    const bytes = Buffer.from(text);
    const written = writeSync(file, bytes);
    if (written < bytes.length) {
      ftruncateSync(file, size);
      throw new Error('the disk is full');
    }
    size += written;
  };
  return {
    write(line) {
      try {
        if (size > largestBytes) turnOver();
        append(lost === 0 ? line : `${lostLines(lost)}${line}`);
        lost = 0;
      } catch {
        // Whoever logs has something to do that must not fail over it. The next line that fits tells how many did not.
        lost += 1;
      }
    },
    close: () => closeSync(file),
  };
}

const lostLines = (count: number): string =>
  `${JSON.stringify({ level: 'error', count, msg: 'lines before the next one could not be written here and are lost' })}\n`;
