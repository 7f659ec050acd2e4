// Where the output of this process goes. Node takes a thirtieth of a short command to open stdout as a stream, and what is written once into
// a pipe or a file needs none. Whoever writes again gets the stream: a long-lived command must not stand still while its reader does.
import { fstatSync, writeSync } from 'node:fs';
import type { Sink } from './output.ts';

export interface StandardOutput extends Sink {
  /** Opens it, for whoever waits for it to drain or hands it on. */
  stream(): NodeJS.WritableStream;
}

const descriptor = 1;

export interface ProcessOutput extends StandardOutput {
  /** All that was written has left this process. */
  isFlushed(): boolean;
}

/** `onError` is told what is wrong with the stream, whenever that shows. */
export function processOutput(onError: (error: NodeJS.ErrnoException) => void): ProcessOutput {
  let opened: NodeJS.WriteStream | undefined;
  let hasWritten = false;
  const open = (): NodeJS.WriteStream => {
    opened ??= process.stdout.on('error', onError);
    return opened;
  };
  // Only a character device can be a terminal; whether it is one, the stream need not be opened for: there is /dev/null.
  const isTTY = fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(descriptor);
  return {
    isTTY,
    get columns() {
      return isTTY ? open().columns : undefined;
    },
    stream: open,
    isFlushed: () => opened === undefined || opened.writableLength === 0,
    write(data) {
      if (opened !== undefined || hasWritten) return open().write(data);
      hasWritten = true;
      const rest = writeOnce(Buffer.from(data), onError);
      return rest.length === 0 || open().write(rest);
    },
  };
}

/** Answers what has not left: somebody else who has this pipe may have said that writing to it must not wait. */
function writeOnce(data: Buffer, onError: (error: NodeJS.ErrnoException) => void): Buffer {
  let rest = data;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN') onError(error as NodeJS.ErrnoException);
  }
  return rest;
}
