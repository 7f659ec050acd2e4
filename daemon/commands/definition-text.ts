import { stringify } from 'yaml';
import type { CommandDefinition } from './definition.ts';

/** A resolved definition as YAML, for people: what ran, with bases and defaults filled in. */
export function definitionText(definition: CommandDefinition): string {
  return stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
}
