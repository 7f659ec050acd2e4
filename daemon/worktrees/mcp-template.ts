import { copyFile, lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';

const active = '.mcp.json';

/**
 * Makes `.mcp.<name>.json` the `.mcp.json` of a worktree. The one that is checked out comes before an untracked one of the main checkout.
 * Answers the path that came, and whether it stands in the place of another one.
 */
export async function activateMcpTemplate(
  place: { checkout: string; worktree: string },
  name: string,
): Promise<{ path: string; replaced: boolean }> {
  const file = `.mcp.${name}.json`;
  for (const folder of [place.worktree, place.checkout]) {
    const source = join(folder, file);
    // A link could lead anywhere.
    const about = await lstat(source).catch(() => undefined);
    if (!about?.isFile()) continue;
    const target = join(place.worktree, active);
    const replaced = await unlink(target).then(
      () => true,
      () => false,
    );
    await copyFile(source, target);
    return { path: active, replaced };
  }
  throw new Failure(
    'PRECONDITION',
    `The MCP template "${file}" is neither in the branch nor in "${place.checkout}"; add the file, or correct "mcp_template".`,
    { details: { reason: 'mcp_template', file } },
  );
}
