// What `schemas/` holds beside its sources for those who do not read TypeScript: made from them, committed, compared by a test.
import { z } from 'zod';
import { Config } from '../schemas/config.ts';
import { openRpcDocument } from './openrpc.ts';
import { referenceText } from './reference.ts';

/** The text of each file by its name in `schemas/`. */
export function contractFiles(version: string): Readonly<Record<string, string>> {
  const config = configSchema();
  return {
    'openrpc.json': json(openRpcDocument(version)),
    'config.schema.json': json(config),
    'reference.md': referenceText(version, config),
  };
}

/** JSON Schema of config.toml. */
export function configSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(Config, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return { $schema, title: 'coppice configuration', description: 'config.toml of coppice.', ...schema };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
