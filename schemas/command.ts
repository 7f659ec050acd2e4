import { z } from 'zod';
import { defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Diagnostic, NextCursor, page, Ref } from './primitives.ts';

export const sessionKinds = ['standard', 'session', 'worktree'] as const;
export const argumentTypes = ['string', 'integer', 'number', 'boolean', 'path', 'list'] as const;
export const keepPolicies = ['always', 'on_success', 'on_failure', 'if_dirty', 'never'] as const;
export const stepTypes = ['builtin', 'script', 'shell', 'agent'] as const;
export const runIns = ['process', 'tmux', 'daemon'] as const;
export const commandSources = ['builtin', 'user', 'prj', 'project'] as const;

export const ArgumentValue = z.union([z.string().max(limits.argumentBytes), z.number(), z.boolean(), z.array(z.string())]);
export const Arguments = z.record(z.string().min(1).max(limits.nameChars), ArgumentValue);

export const CommandArgument = z.object({
  name: z.string(),
  type: z.enum(argumentTypes),
  required: z.boolean(),
  default: ArgumentValue.optional(),
  choices: z.array(ArgumentValue).optional(),
  description: z.string().optional(),
  secret: z.boolean(),
});
export type CommandArgument = z.infer<typeof CommandArgument>;

export const CommandSummary = z
  .object({
    name: z.string(),
    description: z.string(),
    category: z.string(),
    kind: z.enum(sessionKinds),
    kindReason: z.string().describe('Why this kind: the key or step that decided.'),
    source: z.enum(commandSources),
    path: z.string().optional().describe('The file; absent for a built-in one.'),
    shadows: z.array(z.string()).describe('Files of the same name that this one hides.'),
    valid: z.boolean(),
    diagnostics: z.array(Diagnostic),
  })
  .meta({ id: 'CommandSummary' });
export type CommandSummary = z.infer<typeof CommandSummary>;

export const PlannedStep = z.object({
  index: z.int().describe('Counts from 1 through all phases; 0 for lifecycle work.'),
  phase: z.enum(['lifecycle', 'pre', 'main', 'post', 'cleanup', 'finally']),
  name: z.string(),
  type: z.enum([...stepTypes, 'lifecycle']),
  action: z.string(),
  runIn: z.enum(runIns),
  timeoutSeconds: z.number().optional(),
  continueOnError: z.boolean(),
  when: z.string().optional().describe('Skipped where this does not hold.'),
  maxAttempts: z.int().optional().describe('With retry: how often it is tried in all.'),
  credentials: z.array(z.string()).optional().describe('Names of the credentials that it alone is given.'),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

const project = Ref.describe('Project id, name, or a path inside it.');
const name = z.string().min(1).max(limits.nameChars);

export const commandMethods = {
  'command.list': defineMethod({
    summary: 'Commands a project can run, by name, broken files included with what is wrong in them.',
    access: 'read',
    effect: 'read',
    params: { ...page, project, category: z.string().optional() },
    result: z.object({ commands: z.array(CommandSummary), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'command.get': defineMethod({
    summary: 'One command: its summary, arguments and definition.',
    access: 'read',
    effect: 'read',
    params: { project, name },
    result: CommandSummary.extend({
      arguments: z.array(CommandArgument),
      steps: z.array(PlannedStep),
      definition: z.unknown().describe('The parsed file, defaults filled in.'),
      sha256: z.string().describe('Of the file.'),
    }),
    errors: ['NOT_FOUND', 'COMMAND_INVALID'],
  }),
  'command.validate': defineMethod({
    summary: 'Checks all commands of a project, one of them, or a text that is not saved yet.',
    access: 'read',
    effect: 'read',
    params: { project, name: name.optional(), text: z.string().max(limits.commandFileBytes).optional() },
    result: z.object({ valid: z.boolean(), diagnostics: z.array(Diagnostic) }),
    errors: ['NOT_FOUND'],
  }),
  'command.plan': defineMethod({
    summary: 'What starting a command would do, step by step; nothing is written.',
    access: 'read',
    effect: 'read',
    params: { project, name, arguments: Arguments.default({}) },
    result: z.object({
      command: CommandSummary,
      arguments: z.record(z.string(), z.unknown()).describe('After defaults and coercion; secrets masked.'),
      branch: z.string().optional(),
      base: z.string().optional(),
      timeoutSeconds: z.number(),
      steps: z.array(PlannedStep),
    }),
    errors: [
      'NOT_FOUND',
      'COMMAND_INVALID',
      'CONFIG_INVALID',
      'MODEL_UNKNOWN',
      'PRECONDITION',
      'INVALID_PARAMS',
      'TOOL_FAILED',
      'POLICY_DENIED',
    ],
  }),
};
