import { createHash } from 'node:crypto';
import type { CommandEntry } from './catalogue.ts';
import type { CommandDefinition, CommandStep } from './definition.ts';
import { definitionText } from './definition-text.ts';

/** A definition that the daemon makes and starts by itself. It is in no catalogue, so no file stands in for it and nobody else starts it. */
export function ownEntry(definition: CommandDefinition): CommandEntry {
  const text = definitionText(definition);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name: definition.name, source: 'builtin', legacy: false, text, sha256, shadows: [], diagnostics: [], definition };
}

/** Everything that a definition of one step needs and mostly leaves as it is. */
export function ownDefinition(
  name: string,
  step: Pick<CommandStep, 'name' | 'type' | 'action'> & Partial<CommandStep>,
  more: Partial<CommandDefinition>,
): CommandDefinition {
  return {
    ...{ name, description: '', category: 'builtin', abstract: false, arguments: [], environment: {}, requires: [] },
    steps: [{ index: 1, phase: 'main', args: {}, env: {}, continueOnError: false, ...step }],
    ...{ cleanupSteps: [], finallySteps: [] },
    worktree: { declared: false },
    session: { declared: false, environment: {}, windows: [] },
    ...more,
  };
}
