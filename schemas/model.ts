import { z } from 'zod';
import { key } from './config-key.ts';
import { registryKeys } from './registry-name.ts';

export const modelTiers = ['low', 'medium', 'high'] as const;

/** `[models.<name>]` of the configuration. */
export const ModelConfig = z.strictObject({
  provider: key(z.string().min(1).max(64), 'Who serves it, like anthropic or openai.', { reload: 'live' }),
  model: key(z.string().min(1).max(128), "The provider's own name of the model.", { reload: 'live' }),
  tier: key(z.enum(modelTiers).default('medium'), 'What it can do, and costs, beside the others.', { reload: 'live' }),
  ...registryKeys,
});
export type ModelConfig = z.output<typeof ModelConfig>;
