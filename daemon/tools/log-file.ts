// The log as a file that is turned over when it is large: one older file is kept. Lines are written as they come, so that the last words
// before a death are there.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LogFile {
  write(line: string): void;
  close(): void;
}

const largestBytes = 16 * 1024 * 1024;

export function openLogFile(path: string): LogFile {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  return {
    write(line) {
      if (size > largestBytes) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = openSync(path, 'a', 0o600);
        size = 0;
      }
      size += writeSync(file, line);
    },
    close: () => closeSync(file),
  };
}
