import { z } from 'zod';
import { key } from './config-key.ts';
import { Argv } from './primitives.ts';
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
  claude: { protocol: 'acp', command: ['claude-agent-acp'], headless: ['claude', '-p'], model_flag: '--model' },
  codex: { protocol: 'acp', command: ['codex-acp'], headless: ['codex', 'exec', '-'], model_flag: '--model' },
  gemini: { protocol: 'acp', command: ['gemini', '--acp'], headless: ['gemini'], model_flag: '--model' },
  opencode: { protocol: 'acp', command: ['opencode', 'acp'], headless: ['opencode', 'run'], model_flag: '--model' },
  shell: { protocol: 'tui', command: ['bash'], headless: ['bash', '-s'] },
} as const satisfies Record<string, z.input<typeof AgentConfig>>;
