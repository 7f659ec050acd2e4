// A main checkout to the last byte, with all that a session could move in its repository without a trace in the files.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRepo } from './repo.ts';
import { type TreePrint, treePrint } from './tree-print.ts';

export interface CheckoutPrint {
  readonly tree: TreePrint;
  /** The bytes of `.git/HEAD` and `.git/index`. */
  readonly headFile: string;
  readonly indexFile: string;
  readonly tip: string;
  readonly stash: string;
}

export async function checkoutPrint(repo: TestRepo): Promise<CheckoutPrint> {
  // First: git writes the index anew when it looks at a checkout that has just changed.
  const tree = await treePrint(repo, repo.path);
  const bytesOf = (file: string, encoding: BufferEncoding): Promise<string> => readFile(join(repo.path, '.git', file), encoding);
  return {
    tree,
    headFile: await bytesOf('HEAD', 'utf8'),
    indexFile: await bytesOf('index', 'hex'),
    tip: await repo.git('rev-parse', 'HEAD'),
    stash: await repo.git('stash', 'list'),
  };
}
