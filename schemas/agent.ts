import { z } from 'zod';
import { key } from './config-key.ts';
import { defineMethod } from './define.ts';
import { Model } from './model.ts';
import { Argv, NextCursor, page, Ref } from './primitives.ts';
import { RegistryAlias, registryKeys } from './registry-name.ts';

export const agentProtocols = ['acp', 'tui', 'headless'] as const;

const Program = Argv.refine(([program = '']) => program.startsWith('/') || !program.includes('/'), {
  message: 'must begin with a program of the PATH or an absolute path',
});

/** `[agents.<name>]` of the configuration. */
export const AgentConfig = z.strictObject({
  protocol: key(z.enum(agentProtocols), 'How it is driven: by the Agent Client Protocol, in its own terminal, or one prompt a process.', {
    reload: 'live',
  }),
  command: key(Program, 'Program and arguments that start it for its protocol.', { reload: 'live' }),
  headless: key(
    Program.optional(),
    'Program and arguments that take one prompt on standard input and answer on standard output; for the protocol headless: command.',
    { reload: 'live' },
  ),
  terminal: key(
    Program.optional(),
    'Program and arguments of its own interactive form, for the adapter tmux; for the protocol tui: command.',
    {
      reload: 'live',
    },
  ),
  env: key(
    z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'))
      .max(50)
      .default([]),
    'Names of the environment variables that it cannot do without.',
    { reload: 'live' },
  ),
  model: key(RegistryAlias.optional(), 'The model it is told to use: a name of [models]; default: its own choice.', { reload: 'live' }),
  model_flag: key(z.string().min(1).max(64).optional(), 'The argument before the name of the model, like --model.', { reload: 'live' }),
  permissions: key(z.enum(['ask', 'allow', 'reject']).default('ask'), 'Its requests for permission: a human answers, or always the same.', {
    reload: 'live',
  }),
  ...registryKeys,
});
export type AgentConfig = z.output<typeof AgentConfig>;

/** Known without any file; the configuration may change each key of them. None is a dependency: they are used when they are found. */
export const builtinAgents = {
  claude: { protocol: 'acp', command: ['claude-agent-acp'], terminal: ['claude'], headless: ['claude', '-p'], model_flag: '--model' },
  codex: { protocol: 'acp', command: ['codex-acp'], terminal: ['codex'], headless: ['codex', 'exec', '-'], model_flag: '--model' },
  gemini: { protocol: 'acp', command: ['gemini', '--acp'], terminal: ['gemini'], headless: ['gemini'], model_flag: '--model' },
  opencode: { protocol: 'acp', command: ['opencode', 'acp'], terminal: ['opencode'], headless: ['opencode', 'run'], model_flag: '--model' },
  shell: { protocol: 'tui', command: ['bash'], terminal: ['bash'], headless: ['bash', '-s'] },
} as const satisfies Record<string, z.input<typeof AgentConfig>>;

const Protocol = z.enum(agentProtocols);

export const Agent = z
  .object({
    name: z.string(),
    protocol: Protocol,
    command: z.array(z.string()),
    headless: z.array(z.string()).optional(),
    env: z.array(z.string()).describe('Names of the variables it cannot do without.'),
    model: z.string().optional().describe('A name of the registry.'),
    modelFlag: z.string().optional(),
    permissions: z.enum(['ask', 'allow', 'reject']),
    aliases: z.array(z.string()),
    enabled: z.boolean(),
    programs: z.array(
      z.object({
        program: z.string(),
        for: z.array(Protocol).describe('The ways of driving it that need the program.'),
        path: z.string().optional().describe('Absent when it is not on the PATH of the daemon.'),
      }),
    ),
    missingEnv: z.array(z.string()).describe('Variables that the daemon does not have; a session brings its own.'),
    usable: z.array(Protocol).describe('The ways in which it can be driven with what is there.'),
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

export const agentMethods = {
  'agent.list': defineMethod({
    summary: 'Agents by name, built-in ones too, each with whether its programs and variables are there.',
    access: 'read',
    effect: 'read',
    params: page,
    result: z.object({ agents: z.array(Agent), nextCursor: NextCursor }),
  }),
  'agent.get': defineMethod({
    summary: 'One agent by name or alias, also when it is disabled.',
    access: 'read',
    effect: 'read',
    params: { name: Ref },
    result: Agent,
    errors: ['MODEL_UNKNOWN'],
  }),
  'agent.resolve': defineMethod({
    summary: 'What a name stands for when an agent is started: programs, variables, model.',
    access: 'read',
    effect: 'read',
    params: { name: Ref },
    result: z.object({
      name: z.string().describe('The canonical name.'),
      protocol: Protocol,
      command: z.array(z.string()),
      headless: z.array(z.string()).optional().describe('Takes one prompt on standard input.'),
      env: z.array(z.string()),
      model: Model.pick({ name: true, provider: true, model: true, tier: true }).optional(),
      permissions: z.enum(['ask', 'allow', 'reject']),
    }),
    errors: ['MODEL_UNKNOWN'],
  }),
};
