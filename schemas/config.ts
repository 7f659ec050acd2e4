import { z } from 'zod';
import { AgentConfig, builtinAgents } from './agent.ts';
import { key } from './config-key.ts';
import { CopyRule } from './copy-rule.ts';
import { CredentialsConfig, ProvidersConfig } from './credential.ts';
import { ModelConfig } from './model.ts';
import { PolicyConfig } from './policy.ts';
import { Argv } from './primitives.ts';
import { QualityGateConfig } from './quality-gate.ts';
import { RegistryName } from './registry-name.ts';
import { RetryConfig } from './retry.ts';
import { SpecTasksConfig } from './spec-tasks-config.ts';

const DaemonConfig = z.strictObject({
  log_level: key(z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'), 'The least level that reaches the log.', {
    reload: 'live',
  }),
  drain_ms: key(z.int().min(0).max(60_000).default(3_000), 'How long a stop waits for calls in flight.', { reload: 'live' }),
});

const WebSocketConfig = z.strictObject({
  enabled: key(z.boolean().default(true), 'Listen for WebSocket clients on loopback.', { reload: 'restart' }),
  port: key(z.int().min(0).max(65_535).default(0), 'TCP port; 0 takes a free one, which endpoint.json names.', { reload: 'restart' }),
  allowed_origins: key(z.array(z.url()).max(50).default([]), 'Origins of web pages that may connect, literally.', { reload: 'live' }),
});

const WorktreesConfig = z.strictObject({
  root: key(z.string().startsWith('/').optional(), 'Where worktrees are made; default: the data directory.', { reload: 'pinned' }),
  copy: key(
    z
      .array(CopyRule)
      .max(100)
      .default(() =>
        ['.env*', '.vscode/settings.json', '.vscode/tasks.json', '.vscode/launch.json'].map((pattern) => CopyRule.parse({ pattern })),
      ),
    'Untracked files that a new worktree gets from the main checkout, beside those of .worktreeinclude: pattern, mode, required.',
    { reload: 'live' },
  ),
  spares: key(
    z.int().min(0).max(8).default(0),
    'Worktrees of a project that are checked out ahead, so that a session in a large repository starts at once; each is a checkout on the disk.',
    { reload: 'live', projectSafe: true },
  ),
});

const SessionsConfig = z.strictObject({
  max_running: key(z.int().min(1).max(1_000).optional(), 'Sessions that run at once; default: 10 or twice the cores, the larger.', {
    reload: 'live',
  }),
  timeout: key(z.number().min(0).max(604_800).default(1_800), 'Budget of a session in seconds when its command names none; 0 is none.', {
    reload: 'pinned',
    projectSafe: true,
  }),
  shell: key(z.string().startsWith('/').optional(), "The shell of a terminal; default: the starting client's $SHELL.", {
    reload: 'pinned',
  }),
  memory_max: key(
    z
      .string()
      .regex(/^[1-9]\d{0,14}[KMGT]?$/, 'must be a size like 512M or 4G')
      .optional(),
    'Memory that a step and all it starts may use, where the daemon is a systemd service; beyond it the kernel ends what uses most.',
    { reload: 'live' },
  ),
  cpu_quota: key(
    z
      .string()
      .regex(/^[1-9]\d{0,5}%$/, 'must be like 150%, which is one processor and a half')
      .optional(),
    'Processor time that a step and all it starts may use, where the daemon is a systemd service.',
    { reload: 'live' },
  ),
});

const EventsConfig = z.strictObject({
  keep_days: key(z.number().min(0.01).max(3_650).default(30), 'Age at which events are pruned.', { reload: 'live' }),
  keep_rows: key(z.int().min(1_000).max(100_000_000).default(1_000_000), 'Events kept at most.', { reload: 'live' }),
});

const ArtifactsConfig = z
  .strictObject({
    archive_days: key(
      z.number().min(1).max(36_500).default(30),
      'Age of an ended session at which its artifacts are packed into one archive; sessions that keep a worktree or terminal are spared.',
      { reload: 'live' },
    ),
    purge_days: key(z.number().min(1).max(36_500).default(180), 'Age at which such an archive is deleted; nothing else ever is.', {
      reload: 'live',
    }),
  })
  .refine(({ archive_days, purge_days }) => purge_days >= archive_days, {
    path: ['purge_days'],
    message: 'must not be below archive_days',
  });

/** One that fails or is slow changes nothing in the daemon. */
const EventHook = z.strictObject({
  on: z
    .string()
    .max(128)
    .regex(/^[a-zA-Z*]+(\.[a-zA-Z*]+)?$/, 'must be a type of event, where * stands for any letters: specTask.*, *.failed, *'),
  run: Argv,
});
export type EventHook = z.output<typeof EventHook>;

const HooksConfig = z.strictObject({
  post_create: key(z.array(Argv).max(20).default([]), 'Programs run in a new worktree, as argv; one that fails takes it back.', {
    reload: 'live',
  }),
  pre_remove: key(z.array(Argv).max(20).default([]), 'Programs run in a worktree before it is removed; one that fails keeps it.', {
    reload: 'live',
  }),
  events: key(
    z.array(EventHook).max(50).default([]),
    'Programs run for events: on is a pattern of types like specTask.*, run an argv that gets the event as JSON on standard input.',
    { reload: 'live' },
  ),
});

const LeasesConfig = z.strictObject({
  ports: key(
    z
      .string()
      .regex(/^\d{1,5}-\d{1,5}$/, { message: 'must be like 41000-42999', abort: true })
      .refine((text) => {
        const [first = 0, last = 0] = text.split('-').map(Number);
        return first >= 1_024 && first <= last && last <= 65_535;
      }, 'must rise and lie within 1024-65535')
      .default('41000-42999'),
    'The ports that leases are given from.',
    { reload: 'live' },
  ),
});

const HotReloadConfig = z.strictObject({
  enabled: key(z.boolean().default(true), 'Watch the configuration files.', { reload: 'restart' }),
  mode: key(
    z.enum(['auto', 'manual', 'defer']).default('auto'),
    'A changed file is read by itself, when asked for, or as soon as no session runs.',
    { reload: 'live' },
  ),
  debounce_ms: key(z.int().min(100).max(10_000).default(2_000), 'Quiet time after a change before it is read.', { reload: 'live' }),
});

const ValidationConfig = z.strictObject({
  unknown_env: key(z.enum(['warn', 'error', 'ignore']).default('warn'), 'What a variable COPPICE_…__… that names no key is.', {
    reload: 'live',
  }),
  check_credentials: key(z.boolean().default(true), 'Warn of agents whose variables are not set.', { reload: 'live' }),
  check_executables: key(z.boolean().default(true), 'Warn of agents whose program is not there.', { reload: 'live' }),
});

const MetricsConfig = z.strictObject({
  enabled: key(z.boolean().default(true), 'Measure how often and how long operations of the daemon run.', { reload: 'live' }),
});

export const Config = z.strictObject({
  daemon: DaemonConfig.prefault({}),
  websocket: WebSocketConfig.prefault({}),
  worktrees: WorktreesConfig.prefault({}),
  sessions: SessionsConfig.prefault({}),
  events: EventsConfig.prefault({}),
  artifacts: ArtifactsConfig.prefault({}),
  hooks: HooksConfig.prefault({}),
  leases: LeasesConfig.prefault({}),
  models: z.record(RegistryName, ModelConfig).prefault({}),
  agents: z.record(RegistryName, AgentConfig).prefault({}),
  quality_gates: z.record(RegistryName, QualityGateConfig).prefault({}),
  spec_tasks: SpecTasksConfig.prefault({}),
  validation: ValidationConfig.prefault({}),
  hot_reload: HotReloadConfig.prefault({}),
  policy: PolicyConfig.prefault({}),
  credentials: CredentialsConfig.prefault({}),
  auth: ProvidersConfig.prefault({}),
  metrics: MetricsConfig.prefault({}),
  retry: RetryConfig.prefault({}),
});
export type Config = z.output<typeof Config>;
export type ConfigInput = z.input<typeof Config>;

/** What is there before any file; files add to these tables and change their keys. */
export const builtinConfig: ConfigInput = { agents: builtinAgents };
