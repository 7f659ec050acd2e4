// The package as `npm pack` makes it of a clean checkout: nothing is built there, so `prepack` has to do it.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../helpers/package-root.ts';

const run = promisify(execFile);

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export interface Packed {
  readonly tarballPath: string;
  readonly files: readonly string[];
  /** One of the files, as it went in. */
  read(file: string): string;
}

export const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Manifest;

/** What a developer's shell or `npm test` says about this package must not reach an npm that works on another folder. */
export const npmEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_(local_prefix|global_prefix|prefix))|^NODE_V8/.test(name),
  ),
);

export async function pack(dir: string): Promise<Packed> {
  const checkout = join(dir, 'checkout');
  const { stdout: listed } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: packageRoot });
  for (const file of listed.split('\0')) {
    // A file that is deleted and not committed is still listed.
    if (file !== '' && existsSync(join(packageRoot, file))) cpSync(join(packageRoot, file), join(checkout, file));
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(checkout, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], {
    cwd: checkout,
    env: npmEnv,
    maxBuffer: 64 * 1024 * 1024,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return {
    tarballPath: join(dir, packed.filename),
    files: packed.files.map(({ path }) => path),
    read: (file) => readFileSync(join(checkout, file), 'utf8'),
  };
}
