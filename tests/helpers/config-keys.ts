// Every key of the configuration, also of the sections whose entries the user names.
import type { z } from 'zod';
import { Config } from '../../schemas/config.ts';

export interface ConfigKey {
  /** As a heading names it: `sessions`, `credentials.<name>`. */
  readonly section: string;
  readonly key: string;
  readonly schema: z.ZodType;
  /** Of an entry that the user names; then it may be required. */
  readonly inEntry: boolean;
}

type Shape = Readonly<Record<string, z.ZodType>>;

export function configKeys(): ConfigKey[] {
  return Object.entries(Config.shape).flatMap(([section, table]) => {
    const inner: object = table.unwrap();
    const inEntry = !('shape' in inner);
    const { shape } = (inEntry ? (inner as { valueType: object }).valueType : inner) as { shape: Shape };
    const heading = inEntry ? `${section}.<name>` : section;
    return Object.entries(shape).map(([key, schema]) => ({ section: heading, key, schema, inEntry }));
  });
}
