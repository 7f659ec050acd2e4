import type { z } from 'zod';
import { Config } from '../../schemas/config.ts';

const sections: Readonly<Record<string, { unwrap(): z.ZodType }>> = Config.shape;

/** The keys of a section. One whose entries the user names, like [credentials.<name>], has none of its own. */
export function keysOf(section: string): Readonly<Record<string, z.ZodType>> {
  const table = tableOf(section);
  return table && 'shape' in table ? (table.shape as Record<string, z.ZodType>) : {};
}

/** Names below a section: its keys, or what the user named there. */
export function namesIn(section: string, values: object): readonly string[] {
  return isNamedByUser(section) ? Object.keys(values) : Object.keys(keysOf(section));
}

export function isNamedByUser(section: string): boolean {
  const table = tableOf(section);
  return table !== undefined && !('shape' in table);
}

/** What describes a key: of a section that the user fills, the section itself. */
export function schemaOf(section: string, name: string): z.ZodType | undefined {
  return isNamedByUser(section) ? tableOf(section) : keysOf(section)[name];
}

function tableOf(section: string): z.ZodType | undefined {
  return Object.hasOwn(sections, section) ? sections[section]?.unwrap() : undefined;
}
