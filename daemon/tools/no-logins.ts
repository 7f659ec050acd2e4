// Keeps the terminals out of the system's list of logins. tmux built with libutempter (Debian's, Fedora's) starts a program for that at the
// start and the end of each pane and waits for it: most of what an end costs its server, and `who` shows hundreds of logins that are none.
// Nothing of tmux turns it off, so the server gets a library whose functions of those names do nothing.
import { rm, writeFile } from 'node:fs/promises';

const functions = ['utempter_add_record', 'utempter_remove_record'];

/** `return 1` by `process.arch`, with the machine's number in ELF. */
const machines: Readonly<Record<string, { readonly number: number; readonly code: readonly number[] }>> = {
  x64: { number: 62, code: [0xb8, 1, 0, 0, 0, 0xc3] },
  arm64: { number: 183, code: [0x20, 0, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6] },
};

/**
 * Writes the library, and answers the environment of a tmux server with it. Unchanged where none can be: another machine, or a path that
 * the list of such libraries cannot hold.
 */
export async function withoutLogins(
  env: Readonly<Record<string, string>>,
  path: string,
  arch: string = process.arch,
): Promise<Readonly<Record<string, string>>> {
  const library = noLoginsLibrary(arch);
  if (!library || /[\s:$]/.test(path)) return env;
  // A server that runs has the old one mapped: it keeps that, whatever is written here.
  await rm(path, { force: true });
  await writeFile(path, library, { mode: 0o600 });
  const others = env.LD_PRELOAD;
  return { ...env, LD_PRELOAD: others ? `${path}:${others}` : path };
}

const fileHeader = 64;
const segmentHeader = 56;
const symbolSize = 24;
/** What no machine has a larger page than. */
const largestPage = 0x10000;
const [load, dynamic, stack] = [1, 2, 0x6474e551];
const [execute, write, read] = [1, 2, 4];
/** What the loader is told, by the numbers of the ABI. */
const tags = { hash: 4, names: 5, symbols: 6, namesSize: 10, symbolSize: 11, end: 0 } as const;

/** A shared library in the format that the System V ABI describes (ELF, 64 bits, little-endian); undefined for a machine not known. */
export function noLoginsLibrary(arch: string): Buffer | undefined {
  const machine = machines[arch];
  if (!machine) return undefined;
  const names = Buffer.from(`\0${functions.join('\0')}\0`);
  const segments = 4;
  const symbolsAt = fileHeader + segments * segmentHeader;
  const namesAt = symbolsAt + symbolSize * (functions.length + 1);
  const hashAt = aligned(namesAt + names.length);
  // One bucket, whose chain goes from each name to the next.
  const hash = words(4, [1, 1 + functions.length, 1, 0, ...functions.map((_, at) => (at + 2) % (functions.length + 1))]);
  const codeAt = aligned(hashAt + hash.length);
  const dynamicAt = aligned(codeAt + machine.code.length);
  const symbols = functions.flatMap((name) => [
    // Where its name is, a global function, defined here.
    BigInt(names.indexOf(name)) | (0x12n << 32n) | (1n << 48n),
    ...[codeAt, machine.code.length],
  ]);
  // The loader writes into this part, so it is mapped apart from the code.
  const places = { hash: hashAt, names: namesAt, symbols: symbolsAt, namesSize: names.length, symbolSize, end: 0 };
  const entries = words(
    8,
    Object.entries(places).flatMap(([what, value]) => [tags[what as keyof typeof tags], value]),
  );
  const segment = (type: number, flags: number, offset: number, address: number, length: number): Buffer =>
    Buffer.concat([words(4, [type, flags]), words(8, [offset, address, address, length, length, type === load ? largestPage : 16])]);
  const file = Buffer.alloc(dynamicAt + entries.length);
  const header = Buffer.concat([
    Buffer.from('\x7fELF\x02\x01\x01'.padEnd(16, '\0'), 'latin1'),
    // A shared object of version 1, without a program to begin and without sections.
    ...[words(2, [3, machine.number]), words(4, [1]), words(8, [0, fileHeader, 0]), words(4, [0])],
    words(2, [fileHeader, segmentHeader, segments, 0, 0, 0]),
    segment(load, read | execute, 0, 0, dynamicAt),
    segment(load, read | write, dynamicAt, largestPage + dynamicAt, entries.length),
    segment(dynamic, read | write, dynamicAt, largestPage + dynamicAt, entries.length),
    // Without this one a loader takes it that the code is run on the stack, and asks for that.
    segment(stack, read | write, 0, 0, 0),
  ]);
  header.copy(file);
  words(8, [0, 0, 0, ...symbols]).copy(file, symbolsAt);
  names.copy(file, namesAt);
  hash.copy(file, hashAt);
  Buffer.from(machine.code).copy(file, codeAt);
  entries.copy(file, dynamicAt);
  return file;
}

function aligned(offset: number): number {
  return Math.ceil(offset / 16) * 16;
}

/** Unsigned numbers of so many bytes each. */
function words(bytes: 2 | 4 | 8, numbers: readonly (number | bigint)[]): Buffer {
  const buffer = Buffer.alloc(bytes * numbers.length);
  numbers.forEach((number, at) => {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(number), at * 8);
    else buffer.writeUIntLE(Number(number), at * bytes, bytes);
  });
  return buffer;
}
