import { z } from 'zod';
import { key } from './config-key.ts';
import { limits } from './limits.ts';
import { RegistryAlias } from './registry-name.ts';

/** `[quality_gates.<name>]` of the configuration. */
export const QualityGateConfig = z.strictObject({
  members: key(z.array(RegistryAlias).min(1).max(limits.gateMembers), 'The agents that are asked the same thing, by name.', {
    reload: 'live',
  }),
  required: key(z.int().min(1).max(limits.gateMembers).optional(), 'How many of them must succeed; default: all.', { reload: 'live' }),
  timeout: key(z.number().min(1).max(604_800).default(1_800), 'Seconds that the whole gate may take.', { reload: 'live' }),
});
export type QualityGateConfig = z.output<typeof QualityGateConfig>;
