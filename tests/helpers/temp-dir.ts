import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir extends Disposable {
  readonly path: string;
  at(...names: readonly string[]): string;
}

/** A directory of its own for one test, gone with `using`. */
export function createTempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'coppice-test-'));
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
