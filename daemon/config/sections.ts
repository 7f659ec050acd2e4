// The sections of the configuration: tables of keys, and records whose entries the user names, like [credentials.<name>].
import { z } from 'zod';
import { Config } from '../../schemas/config.ts';

const sections: Readonly<Record<string, { unwrap(): z.ZodType }>> = Config.shape;

/** The keys of a table by name; a record has none of its own. */
export function keysOf(section: string): Readonly<Record<string, z.ZodType>> {
  const table = tableOf(section);
  return table instanceof z.ZodObject ? (table.shape as Record<string, z.ZodType>) : {};
}

/** Names below a section: its keys, or what the user named there. */
export function namesIn(section: string, values: object): readonly string[] {
  return tableOf(section) instanceof z.ZodRecord ? Object.keys(values) : Object.keys(keysOf(section));
}

/** What tells how a change takes effect: the key, or any key of an entry. */
export function schemaOf(section: string, name: string): z.ZodType | undefined {
  const table = tableOf(section);
  if (!(table instanceof z.ZodRecord)) return keysOf(section)[name];
  return table.valueType instanceof z.ZodObject ? (Object.values(table.valueType.shape)[0] as z.ZodType) : undefined;
}

function tableOf(section: string): z.ZodType | undefined {
  return Object.hasOwn(sections, section) ? sections[section]?.unwrap() : undefined;
}
