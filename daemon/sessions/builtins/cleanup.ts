import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Builtin } from './builtin.ts';

/** Values that steps published, half-written files, and the bodies of inline scripts: all read by the time another step runs. */
const temporary = /\.(out|new|script)$/;

/** Deletes the temporary files of this session: its own `tmp` folder and what its steps left in `meta`. Artifacts stay. */
export const cleanup: Builtin = async ({ context, print }) => {
  const { artifactDir } = context.session;
  const meta = join(artifactDir, 'meta');
  const names = (await readdir(meta).catch(() => [])).filter((name) => temporary.test(name));
  for (const name of names) await rm(join(meta, name), { force: true });
  const own = join(artifactDir, 'tmp');
  const left = await readdir(own).catch(() => []);
  // A link in its place is deleted itself, not what it leads to.
  await rm(own, { recursive: true, force: true });
  print(`${names.length + left.length} temporary files deleted`);
  return undefined;
};
