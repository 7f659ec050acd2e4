import { z } from 'zod';
import { key } from './config-key.ts';
import { defineMethod } from './define.ts';
import { NextCursor, page, Ref } from './primitives.ts';
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

export const Model = z
  .object({
    name: z.string(),
    provider: z.string(),
    model: z.string().describe("The provider's own name of it."),
    tier: z.enum(modelTiers),
    aliases: z.array(z.string()),
    enabled: z.boolean(),
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof Model>;

export const modelMethods = {
  'model.list': defineMethod({
    summary: 'Models of the configuration, by name.',
    access: 'read',
    effect: 'read',
    params: page,
    result: z.object({ models: z.array(Model), nextCursor: NextCursor }),
  }),
  'model.get': defineMethod({
    summary: 'One model by name or alias, also when it is disabled.',
    access: 'read',
    effect: 'read',
    params: { name: Ref },
    result: Model,
    errors: ['MODEL_UNKNOWN'],
  }),
  'model.resolve': defineMethod({
    summary: 'What a name stands for when a model is used; disabled ones stand for nothing.',
    access: 'read',
    effect: 'read',
    params: { name: Ref },
    result: Model.pick({ name: true, provider: true, model: true, tier: true }),
    errors: ['MODEL_UNKNOWN'],
  }),
};
