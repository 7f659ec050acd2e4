// The file behind a step that is a script of the project. Only the steps folders count, with symbolic links resolved: what a step runs is
// where people look for it.
import { extname, isAbsolute, join, resolve, sep } from 'node:path';
import type { FileReader } from '../tools/files.ts';

export interface StepScript {
  readonly path: string;
  /** Found in `.prj/steps`. */
  readonly legacy: boolean;
}

interface ScriptLookup {
  readonly files: Pick<FileReader, 'stat' | 'realPath'>;
  readonly projectPath: string;
  readonly shippedStepsDir?: string;
}

export type StepScriptResult = StepScript | { readonly problem: 'missing' | 'outside' };

/** `outside`: there is such a file, but it lies (or a link leads) outside the steps folders. */
export async function resolveStepScript(lookup: ScriptLookup, type: 'builtin' | 'script', action: string): Promise<StepScriptResult> {
  const { files, projectPath, shippedStepsDir } = lookup;
  const folders = [join(projectPath, '.coppice/steps'), join(projectPath, '.prj/steps'), ...(shippedStepsDir ? [shippedStepsDir] : [])];
  let outside = false;
  for (const [index, folder] of folders.entries()) {
    const root = await files.realPath(folder);
    if (root === undefined) continue;
    for (const candidate of candidates(type, action, folder, projectPath)) {
      const path = await files.realPath(candidate);
      if (path === undefined || (await files.stat(path))?.kind !== 'file') continue;
      if (path.startsWith(root + sep)) return { path, legacy: index === 1 };
      outside = true;
    }
  }
  return { problem: outside ? 'outside' : 'missing' };
}

function candidates(type: 'builtin' | 'script', action: string, folder: string, projectPath: string): readonly string[] {
  if (action.includes('\0')) return [];
  const named = [join(folder, `${action}.py`), join(folder, `${action}.sh`)];
  if (type === 'builtin') return action.includes('/') ? [] : named;
  // `.coppice/steps/build.sh` may be written out as well; the check of the folder decides.
  const exact = isAbsolute(action) ? [action] : [join(folder, action), resolve(projectPath, action)];
  return extname(action) === '' ? [...exact, ...named] : exact;
}
