// What `coppice init` writes for the configuration of a project: a file to fill in, and the schema by which editors check it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../rpc/package-info.ts';

export const exampleConfig = `#:schema ./config.schema.json
# What sessions in this repository do, for everybody who works in it. Only the keys of the schema may stand here; the others are the
# user's own. "coppice config explain sessions.timeout -p ." tells what is in force and who set it.

# [sessions]
# timeout = 1800 # seconds that a session may take when its command names none; 0 is no bound
`;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly projectSafe?: boolean;
  readonly [key: string]: unknown;
}

/** The schema of the configuration, cut down to the keys that the file of a project may set. */
export function projectSchema(): string {
  const whole = JSON.parse(readFileSync(join(packageRoot(), 'schemas', 'config.schema.json'), 'utf8')) as Schema;
  const description = 'Keys that .coppice/config.toml may set; written by coppice init.';
  return `${JSON.stringify({ ...safeOnly(whole), description }, null, 2)}\n`;
}

function safeOnly(schema: Schema): Schema | undefined {
  if (schema.projectSafe === true) return schema;
  if (schema.properties === undefined) return undefined;
  const members = Object.entries(schema.properties).flatMap(([name, member]) => {
    const safe = safeOnly(member);
    return safe === undefined ? [] : [[name, safe] as const];
  });
  return members.length === 0 ? undefined : { ...schema, properties: Object.fromEntries(members) };
}
