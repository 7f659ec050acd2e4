// What runs programs in tests: as in the daemon, by one spawner for all.
import { join } from 'node:path';
import { createProcessTool, type ProcessTool } from '../../daemon/tools/process.ts';
import { createSpawner } from '../../daemon/tools/spawner.ts';
import { packageRoot } from './package-root.ts';

export const spawnerPath = join(packageRoot, 'daemon', 'tools', 'spawner.pl');
export const testSpawner = createSpawner({ programPath: spawnerPath, searchPath: process.env.PATH });

export function createTestProcessTool(baseEnv: Readonly<Record<string, string>>): ProcessTool {
  return createProcessTool({ baseEnv, spawner: testSpawner });
}
