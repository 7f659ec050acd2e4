import { z } from 'zod';
import { defineMethod } from './define.ts';
import { Group } from './group.ts';
import { limits } from './limits.ts';
import { Environment, NextCursor, page, Ref } from './primitives.ts';

export const Gate = z
  .object({
    name: z.string(),
    members: z
      .array(
        z.object({
          name: z.string().describe('As the configuration has it.'),
          agent: z.string().optional(),
          problem: z.string().optional(),
        }),
      )
      .describe('agent: the canonical name of who is asked; problem: why that cannot be.'),
    required: z.int().describe('So many of them must succeed.'),
    timeoutMs: z.int(),
  })
  .meta({ id: 'Gate' });
export type Gate = z.infer<typeof Gate>;

const name = z.string().min(1).max(limits.nameChars).describe('As [quality_gates.<name>] of the configuration has it.');

export const gateMethods = {
  'gate.list': defineMethod({
    summary: 'Gates by name: groups of agents that are asked the same thing.',
    access: 'read',
    effect: 'read',
    params: { ...page },
    result: z.object({ gates: z.array(Gate), nextCursor: NextCursor }),
  }),
  'gate.get': defineMethod({
    summary: 'One gate, with whom it would ask.',
    access: 'read',
    effect: 'read',
    params: { name },
    result: Gate,
    errors: ['NOT_FOUND'],
  }),
  'gate.run': defineMethod({
    summary: 'Asks all agents of a gate the same thing, as a group of sessions: one succeeds whose agent exits with status 0.',
    access: 'operate',
    effect: 'mutation',
    params: {
      name,
      project: Ref.describe('Project id, name, or a path inside it: where the agents run.'),
      prompt: z.string().min(1).max(limits.promptFileBytes).describe('Goes to the standard input of each, as it stands.'),
      environment: Environment.default({}).describe("The starting client's own environment."),
    },
    result: Group,
    errors: ['NOT_FOUND', 'MODEL_UNKNOWN', 'CONFIG_INVALID', 'PRECONDITION', 'TOOL_MISSING'],
  }),
};
