// The command files of one folder. Every reading looks at the folder and at each file again and parses only what changed: right after an edit
// the answer is right, which a watcher's cache cannot promise, and a look costs microseconds.
import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import { type Diagnostic, limits } from '../../schemas/index.ts';
import type { FileReader, FileStat } from '../tools/files.ts';
import { type ParsedCommand, type ReadCommand, readCommand } from './parse-command.ts';

export interface LoadedCommand {
  readonly path?: string;
  /** The name, or the file's where none can be read. */
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
  readonly read: ReadCommand;
  /** Kept once it is known and nothing but the text decides it. */
  finished?: ParsedCommand;
}

export interface CommandFiles {
  readFolder(folder: string): Promise<readonly LoadedCommand[]>;
}

interface CommandFilesDeps {
  readonly files: FileReader;
  readonly now: () => number;
}

interface Cached {
  readonly stamp: string;
  readonly loaded: LoadedCommand;
}

const foldersCached = 256;
/** File systems stamp times coarsely: a second edit this soon after the first can leave the same stamp, so such a file is read again. */
const settledMs = 100;

export function createCommandFiles({ files, now }: CommandFilesDeps): CommandFiles {
  const folders = new Map<string, ReadonlyMap<string, Cached>>();

  async function load(path: string, stat: FileStat, before: Cached | undefined): Promise<Cached | undefined> {
    const stamp = [stat.modifiedMs, stat.changedMs, stat.sizeBytes, stat.inode].join(' ');
    if (before?.stamp === stamp) return before;
    // The time is taken before reading: an edit while we read is then always younger than this.
    const settled = now() - Math.max(stat.modifiedMs, stat.changedMs) > settledMs;
    const loaded = await loadFile(files, path, stat);
    return loaded === undefined ? undefined : { stamp: settled ? stamp : '', loaded };
  }

  async function readFolder(folder: string): Promise<readonly LoadedCommand[]> {
    let names: readonly string[] | undefined;
    try {
      names = await files.readDir(folder);
    } catch (error) {
      return [brokenCommand(folder, `The folder cannot be read: ${reason(error)}.`)];
    }
    const before = folders.get(folder);
    folders.delete(folder);
    if (names === undefined) return [];
    const all = names.filter((name) => ['.yaml', '.yml'].includes(extname(name))).sort();
    const found = new Map<string, Cached>();
    const unreadable: LoadedCommand[] = [];
    for (const name of all.slice(0, limits.commandFilesPerFolder)) {
      const path = join(folder, name);
      try {
        const stat = await files.stat(path);
        const cached = stat === undefined ? dangling(path) : await load(path, stat, before?.get(path));
        if (cached !== undefined) found.set(path, cached);
      } catch (error) {
        unreadable.push(brokenCommand(path, `The file cannot be read: ${reason(error)}.`));
      }
    }
    folders.set(folder, found);
    const [oldest] = folders.keys();
    if (folders.size > foldersCached && oldest !== undefined) folders.delete(oldest);
    if (all.length > limits.commandFilesPerFolder) {
      unreadable.push(
        brokenCommand(folder, `The folder holds more than ${limits.commandFilesPerFolder} command files; the rest is ignored.`),
      );
    }
    return [...[...found.values()].map(({ loaded }) => loaded), ...unreadable];
  }

  return { readFolder };
}

/** Listed, yet gone when looked at: deleted meanwhile, or a link that leads nowhere, which its owner wants to know. */
function dangling(path: string): Cached {
  return { stamp: '', loaded: brokenCommand(path, 'The file is a link that leads nowhere, or was just deleted.') };
}

async function loadFile(files: FileReader, path: string, stat: FileStat): Promise<LoadedCommand | undefined> {
  if (stat.kind === 'directory') return undefined;
  // Opening a pipe would wait for its writer.
  if (stat.kind !== 'file') return brokenCommand(path, 'This is no regular file.');
  if (stat.sizeBytes > limits.commandFileBytes) return brokenCommand(path, `The file is larger than ${limits.commandFileBytes} bytes.`);
  const bytes = await files.readFile(path);
  if (bytes === undefined) return undefined;
  try {
    return loadedCommand(new TextDecoder('utf-8', { fatal: true }).decode(bytes), path, bytes);
  } catch (error) {
    if (error instanceof TypeError) return brokenCommand(path, 'The file is not UTF-8.', bytes);
    throw error;
  }
}

export function loadedCommand(text: string, path?: string, bytes: Uint8Array | string = text): LoadedCommand {
  const read = readCommand(text, path);
  return { name: read.name ?? stem(path), text, sha256: sha256(bytes), read, ...(path === undefined ? {} : { path }) };
}

function brokenCommand(path: string, message: string, bytes: Uint8Array | string = ''): LoadedCommand {
  const diagnostics: Diagnostic[] = [{ level: 'error', message, path, line: 1, column: 1 }];
  const read: ReadCommand = { file: undefined, name: undefined, diagnostics, locate: () => ({ line: 1, column: 1 }), raw: undefined, path };
  return { path, name: stem(path), text: '', sha256: sha256(bytes), read };
}

function stem(path = ''): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.replace(/\.ya?ml$/, '');
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
