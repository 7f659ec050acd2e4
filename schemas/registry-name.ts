// Names that users give to entries of the configuration: models, agents, gates, credentials, providers.
import { z } from 'zod';
import { key } from './config-key.ts';

/** A canonical name; two underscores would part the name of a variable. */
export const RegistryName = z
  .string()
  .regex(/^(?!.*__)[a-z][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_" and "-", begin with a letter and have no "__"');

/** Another name, or a reference to either: case does not count. */
export const RegistryAlias = z
  .string()
  .regex(/^(?!.*__)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$/, 'must be 1 to 64 letters, digits and "._:/@-", and have no "__"');

/** What every entry of the registry has. */
export const registryKeys = {
  aliases: key(z.array(RegistryAlias).max(20).default([]), 'Other names; each is one of nothing else.', { reload: 'live' }),
  enabled: key(z.boolean().default(true), 'An entry that is off keeps its names and resolves to nothing.', { reload: 'live' }),
};
