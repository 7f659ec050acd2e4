// In its usual mode Codex protects the directory that the `.git` file of a linked worktree points to, so it can edit there and not commit.
// Both git directories have to be writable roots; codex-acp takes them, as JSON, from its environment.
import { basename } from 'node:path';
import type { GitDirs } from '../tools/git/git-files.ts';

type Environment = Readonly<Record<string, string>>;

const variable = 'CODEX_CONFIG';

/** The environment that lets the agent commit; the same for an agent that is not codex-acp, and for settings that are no JSON object. */
export function withCodexRoots(argv: readonly string[], env: Environment, dirs: GitDirs | undefined): Environment {
  if (!dirs || !argv.some(isCodexAcp)) return env;
  const config = objectIn(env[variable] ?? '{}');
  if (!config) return env;
  const sandbox = isObject(config.sandbox_workspace_write) ? config.sandbox_workspace_write : {};
  const own = Array.isArray(sandbox.writable_roots) ? sandbox.writable_roots : [];
  const roots = [...new Set([...own, dirs.commonDir, dirs.gitDir])];
  return { ...env, [variable]: JSON.stringify({ ...config, sandbox_workspace_write: { ...sandbox, writable_roots: roots } }) };
}

/** A program of that name, or its package for npx, with or without a version. */
function isCodexAcp(word: string): boolean {
  return basename(word).replace(/@.*$/, '') === 'codex-acp';
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Codex tells its user what is wrong with it.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
