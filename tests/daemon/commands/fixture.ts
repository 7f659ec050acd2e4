import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CommandDefinition } from '../../../daemon/commands/definition.ts';
import { type ParsedCommand, parseCommand } from '../../../daemon/commands/parse-command.ts';

export const builtins = [
  'setup-environment',
  'validate-prerequisites',
  'create-worktree',
  'start-session',
  'session-create',
  'gather-context',
  'store-artifacts',
  'cleanup',
  'start-worktree-session',
];

export const fixtureNames = ['feature-branch', 'worktree-list', 'five-errors', 'every-key', 'base', 'child', 'grandchild'];

export function fixture(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../fixtures/commands/${name}.yaml`, import.meta.url)), 'utf8');
}

export function definitionOf(text: string): CommandDefinition {
  const { definition, diagnostics } = parseCommand(text);
  if (definition === undefined) throw new Error(JSON.stringify(diagnostics));
  return definition;
}

/** `line:column key message`, one a diagnostic. */
export function brief({ diagnostics }: Pick<ParsedCommand, 'diagnostics'>): string[] {
  return diagnostics.map(({ line, column, key = '', message }) => `${line}:${column} ${key} ${message}`);
}
