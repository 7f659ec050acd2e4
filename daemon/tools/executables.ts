// Finding programs as execvp would, without starting anything, and reading what the kernel would run them by.
import { constants } from 'node:fs';
import { access, open, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

export interface ExecutableFile {
  /** Where it was found. */
  readonly path: string;
  /** The same with all links resolved. */
  readonly realPath: string;
}

export interface SearchPlace {
  /** Value of PATH; absent: that of a process without one. */
  readonly searchPath: string | undefined;
  /** For relative names and the relative folders of a PATH. */
  readonly cwd: string;
}

const defaultSearchPath = '/bin:/usr/bin';
/** As deep as the kernel follows scripts that are interpreted by scripts. */
const interpreterDepth = 4;
const headBytes = 256;

/** Each place where a program of that name lies, in the order in which they are tried. */
export async function findExecutables(program: string, { searchPath = defaultSearchPath, cwd }: SearchPlace): Promise<string[]> {
  const places = program.includes('/')
    ? [resolve(cwd, program)]
    : searchPath.split(':').map((folder) => join(resolve(cwd, folder), program));
  const runs = await Promise.all(places.map(isExecutable));
  return places.filter((_, index) => runs[index]);
}

/**
 * The file that runs, then what interprets it, to the program that the kernel loads: a script, and the interpreter of its first line. An
 * `env` there is followed to the program that it starts. Empty when any of them is not found.
 */
export async function executableChain(program: string, place: SearchPlace): Promise<ExecutableFile[]> {
  const chain: ExecutableFile[] = [];
  let next: string | undefined = program;
  while (next !== undefined) {
    const [path] = await findExecutables(next, place);
    const realPath = path === undefined ? undefined : await realpath(path).catch(() => undefined);
    if (path === undefined || realPath === undefined || chain.length > 2 * interpreterDepth) return [];
    chain.push({ path, realPath });
    const { interpreter, argument } = await interpreterOf(realPath);
    if (interpreter === undefined) return chain;
    // The kernel looks on no PATH for it.
    next = interpreter.includes('/') ? interpreter : `./${interpreter}`;
    if (basename(interpreter) !== 'env') continue;
    const [envPath] = await findExecutables(next, place);
    if (envPath === undefined) return [];
    chain.push({ path: envPath, realPath: await realpath(envPath) });
    next = programOfEnv(argument);
  }
  return chain;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    async () => (await stat(path)).isFile(),
    () => false,
  );
}

async function interpreterOf(path: string): Promise<{ interpreter?: string; argument: string }> {
  const head = await readHead(path);
  // What may be run and not be read cannot be a script: its interpreter could not read it either.
  if (head === undefined || head.startsWith('\u007fELF')) return { argument: '' };
  const [, interpreter, argument = ''] = /^#![ \t]*([^ \t\n]+)[ \t]*([^\n]*)/.exec(head) ?? [];
  // execvp gives what the kernel does not know to the shell.
  return { interpreter: interpreter ?? '/bin/sh', argument: argument.trim() };
}

async function readHead(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Of `env`'s one argument; undefined when it cannot be told, which leaves `env` itself as what runs. */
function programOfEnv(argument: string): string | undefined {
  if (!argument.startsWith('-S')) return /^[^\s=-][^\s=]*$/.exec(argument)?.[0];
  const words = argument.slice(2).trim().split(/\s+/);
  const program = words.find((word) => !/^[A-Za-z_]\w*=/.test(word));
  return program !== undefined && /^[A-Za-z0-9_./+-]+$/.test(program) && !program.startsWith('-') ? program : undefined;
}
