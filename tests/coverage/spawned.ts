// What ran in the daemons that tests started: V8's own account of the built program, told in lines of the sources.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mergeProcessCovs, type ProcessCov } from '@bcoe/v8-coverage';
import { convert } from 'ast-v8-to-istanbul';
import { parseAstAsync } from 'vitest/node';

/** Istanbul's shape, as far as lines need it. */
export interface FileCoverage {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}
export type CoverageData = Readonly<Record<string, FileCoverage>>;

/** Files that are merged at once: each is a few megabytes in memory. */
const batch = 50;

export async function spawnedCoverage(dir: string, distDir: string): Promise<CoverageData[]> {
  const { result } = await mergedCoverage(dir, `file://${distDir}/`);
  const converted: CoverageData[] = [];
  for (const script of result) {
    const path = fileURLToPath(script.url);
    // The CLI in one file is made without one; nothing of it can be told in lines of the sources.
    if (!existsSync(`${path}.map`)) continue;
    const code = await readFile(path, 'utf8');
    const sourceMap = JSON.parse(await readFile(`${path}.map`, 'utf8')) as { sources: string[] };
    const sources = sourceMap.sources.map((source) => resolve(dirname(path), source));
    converted.push(
      (await convert({
        ...{ code, coverage: script, ast: parseAstAsync(code), wrapperLength: 0 },
        sourceMap: { ...sourceMap, sources } as never,
      })) as CoverageData,
    );
  }
  return converted;
}

async function mergedCoverage(dir: string, prefix: string): Promise<ProcessCov> {
  const names = await readdir(dir).catch(() => []);
  let merged: ProcessCov = { result: [] };
  for (let from = 0; from < names.length; from += batch) {
    const texts = await Promise.all(names.slice(from, from + batch).map((name) => readFile(join(dir, name), 'utf8')));
    const processes = texts.map((text): ProcessCov => {
      // A daemon that was killed while it wrote leaves half a file.
      const parsed = parsedOr(text, { result: [] });
      return { result: parsed.result.filter(({ url }) => url.startsWith(prefix)) };
    });
    merged = mergeProcessCovs([merged, ...processes]);
  }
  return merged;
}

function parsedOr(text: string, otherwise: ProcessCov): ProcessCov {
  try {
    return JSON.parse(text) as ProcessCov;
  } catch {
    return otherwise;
  }
}
