import type { Permission } from '../../../../schemas/index.ts';
import { plainLine } from './plain.ts';

export interface Button {
  readonly label: string;
  readonly optionId: string;
}

const longestName = 40;

/**
 * What an option does is its kind; its name is what the agent calls it. Both are told, so that no name can pass for another kind. Each
 * label is one of a kind, since it is all that comes back.
 */
export function permissionButtons(options: Permission['options']): Button[] {
  const labels = new Set<string>();
  return options.map(({ optionId, name, kind }) => {
    const label = `${plainLine(name, longestName)} (${kind.replaceAll('_', ' ')})`;
    const unique = labels.has(label) ? `${label} ${labels.size + 1}` : label;
    labels.add(unique);
    return { label: unique, optionId };
  });
}
