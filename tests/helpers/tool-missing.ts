import { execFileSync } from 'node:child_process';

/** For `skipIf`: says why tests are skipped, and throws where all of them are wanted. */
export function toolMissing(tool: string, args: readonly string[]): boolean {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
    return false;
  } catch (cause) {
    if (process.env.COPPICE_REQUIRE_ALL === '1')
      throw new Error(`${tool} is not installed, and COPPICE_REQUIRE_ALL=1 wants every test to run`, { cause });
    process.stderr.write(`skipped: ${tool} is not installed\n`);
    return true;
  }
}
