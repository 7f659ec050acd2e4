// Literal copies of the other names that clients, dashboards and configuration files rely on; see contract.test.ts.
import { expect, test } from 'vitest';
import { exitCodes } from '../../client/cli/exit-codes.ts';
import { type ConfigKey, keyPaths, nodeAt } from '../../schemas/config-tree.ts';
import { events } from '../../schemas/contract.ts';
import type { EventDef } from '../../schemas/define.ts';
import { notifications } from '../../schemas/event.ts';
import { type Figure, figures } from '../../schemas/figures.ts';

test('events, and whether they are durable', () => {
  const rows = Object.entries(events as Record<string, EventDef>).map(
    ([name, { durable }]) => `${name} ${durable ? 'durable' : 'ephemeral'}`,
  );
  expect(rows).toMatchInlineSnapshot(`
    [
      "daemon.started durable",
      "daemon.stopping durable",
      "config.fileChanged ephemeral",
      "config.deferred durable",
      "config.reloaded durable",
      "config.reloadFailed durable",
      "project.added durable",
      "project.removed durable",
      "session.created durable",
      "session.started durable",
      "session.cancelRequested durable",
      "session.finished durable",
      "session.removed durable",
      "session.dataSet durable",
      "session.outputGrew ephemeral",
      "step.started durable",
      "step.finished durable",
      "retry.scheduled durable",
      "worktree.created durable",
      "worktree.retained durable",
      "worktree.adopted durable",
      "worktree.committed durable",
      "worktree.merged durable",
      "worktree.saved durable",
      "worktree.restored durable",
      "worktree.removed durable",
      "worktree.missing durable",
      "terminal.created durable",
      "terminal.ended durable",
      "artifact.archived durable",
      "artifact.pruned durable",
      "artifact.stored durable",
      "lease.reserved durable",
      "lease.released durable",
      "group.started durable",
      "group.memberFinished durable",
      "group.retried durable",
      "group.cancelRequested durable",
      "group.degraded durable",
      "group.finished durable",
      "schedule.created durable",
      "schedule.removed durable",
      "schedule.fired durable",
      "schedule.skipped durable",
      "policy.denied durable",
      "policy.warned durable",
      "auth.tokenCreated durable",
      "auth.tokenRevoked durable",
      "auth.started durable",
      "auth.granted durable",
      "auth.denied durable",
      "auth.expired durable",
      "auth.cancelled durable",
      "auth.failed durable",
      "auth.loginEnded durable",
      "auth.loginRequired durable",
    ]
  `);
  expect(Object.keys(notifications)).toMatchInlineSnapshot(`
    [
      "event",
      "event.gap",
      "$/progress",
    ]
  `);
});

test('exit status of the CLI', () => {
  expect(exitCodes).toMatchInlineSnapshot(`
    {
      "bug": 70,
      "cancelled": 130,
      "failed": 1,
      "notConnected": 3,
      "ok": 0,
      "relayUnavailable": 69,
      "timeout": 124,
      "usage": 2,
    }
  `);
});

test('figures: the names that dashboards and scripts rely on', () => {
  const rows = Object.entries<Figure>(figures).map(([name, { kind, by }]) => `${name}${by === undefined ? '' : `.<${by}>`} ${kind}`);
  expect(rows).toMatchInlineSnapshot(`
    [
      "sessions.<status> gauge",
      "terminals gauge",
      "worktrees gauge",
      "server.connections gauge",
      "server.subscriptions gauge",
      "server.mutations_in_flight gauge",
      "server.subscriber_lag_events gauge",
      "store.queued_writes gauge",
      "store.bytes gauge",
      "store.free_bytes gauge",
      "process.rss_bytes gauge",
      "process.uptime_seconds gauge",
      "process.cpu_seconds counter",
      "process.loop_active_seconds counter",
      "events.<type> counter",
      "retries.<of> counter",
      "config.reloads counter",
      "config.reload_failures counter",
    ]
  `);
});

test('config keys: default and how a change takes effect', () => {
  const rows = keyPaths(() => ['<name>']).map((path) => {
    const node = nodeAt(path) as ConfigKey;
    const { data } = node.schema.safeParse(undefined);
    return `${path.join('.')} = ${JSON.stringify(data) ?? '-'} ${node.reload}`;
  });
  expect(rows).toMatchInlineSnapshot(`
    [
      "daemon.log_level = "info" live",
      "daemon.drain_ms = 3000 live",
      "websocket.enabled = true restart",
      "websocket.port = 0 restart",
      "websocket.allowed_origins = [] live",
      "worktrees.root = - pinned",
      "worktrees.copy = [{"pattern":".env*","mode":"copy","required":false},{"pattern":".vscode/settings.json","mode":"copy","required":false},{"pattern":".vscode/tasks.json","mode":"copy","required":false},{"pattern":".vscode/launch.json","mode":"copy","required":false}] live",
      "sessions.max_running = - live",
      "sessions.timeout = 1800 pinned",
      "sessions.shell = - pinned",
      "events.keep_days = 30 live",
      "events.keep_rows = 1000000 live",
      "artifacts.archive_days = 30 live",
      "artifacts.purge_days = 180 live",
      "hooks.post_create = [] live",
      "hooks.pre_remove = [] live",
      "leases.ports = "41000-42999" live",
      "models.<name>.provider = - live",
      "models.<name>.model = - live",
      "models.<name>.tier = "medium" live",
      "models.<name>.aliases = [] live",
      "models.<name>.enabled = true live",
      "agents.<name>.protocol = - live",
      "agents.<name>.command = - live",
      "agents.<name>.headless = - live",
      "agents.<name>.env = [] live",
      "agents.<name>.model = - live",
      "agents.<name>.model_flag = - live",
      "agents.<name>.permissions = "ask" live",
      "agents.<name>.aliases = [] live",
      "agents.<name>.enabled = true live",
      "quality_gates.<name>.members = - live",
      "quality_gates.<name>.required = - live",
      "quality_gates.<name>.timeout = 1800 live",
      "validation.unknown_env = "warn" live",
      "validation.check_credentials = true live",
      "validation.check_executables = true live",
      "hot_reload.enabled = true restart",
      "hot_reload.mode = "auto" live",
      "hot_reload.debounce_ms = 2000 live",
      "policy.allow_executables = - live",
      "policy.deny_executables = [] live",
      "policy.allow_environment = - live",
      "policy.deny_environment = [] live",
      "policy.working_directories = - live",
      "policy.max_sessions = - live",
      "policy.max_runtime = - live",
      "policy.artifact_soft_bytes = 25000000 live",
      "policy.artifact_warn_bytes = 45000000 live",
      "policy.artifact_hard_bytes = 50000000 live",
      "credentials.<name>.env = - live",
      "credentials.<name>.file = - live",
      "credentials.<name>.systemd = - live",
      "credentials.<name>.oauth = - live",
      "auth.<name>.issuer = - live",
      "auth.<name>.device_authorization_endpoint = - live",
      "auth.<name>.token_endpoint = - live",
      "auth.<name>.revocation_endpoint = - live",
      "auth.<name>.client_id = - live",
      "auth.<name>.client_secret = - live",
      "auth.<name>.client_auth = "basic" live",
      "auth.<name>.scopes = [] live",
      "metrics.enabled = true live",
      "retry.default.max_attempts = 3 live",
      "retry.default.initial_backoff_ms = 100 live",
      "retry.default.multiplier = 2 live",
      "retry.default.max_backoff_ms = 10000 live",
      "retry.default.jitter = 0.5 live",
      "retry.store_write.max_attempts = 8 live",
      "retry.store_write.initial_backoff_ms = 100 live",
      "retry.store_write.multiplier = 1.5 live",
      "retry.store_write.max_backoff_ms = 5000 live",
      "retry.store_write.jitter = 0.5 live",
      "retry.store_read.max_attempts = 3 live",
      "retry.store_read.initial_backoff_ms = 50 live",
      "retry.store_read.multiplier = 2 live",
      "retry.store_read.max_backoff_ms = 2000 live",
      "retry.store_read.jitter = 0.5 live",
      "retry.file.max_attempts = 3 live",
      "retry.file.initial_backoff_ms = 100 live",
      "retry.file.multiplier = 2 live",
      "retry.file.max_backoff_ms = 5000 live",
      "retry.file.jitter = 0.5 live",
      "retry.network.max_attempts = 5 live",
      "retry.network.initial_backoff_ms = 1000 live",
      "retry.network.multiplier = 2 live",
      "retry.network.max_backoff_ms = 30000 live",
      "retry.network.jitter = 0.5 live",
      "retry.agent_launch.max_attempts = 3 live",
      "retry.agent_launch.initial_backoff_ms = 1000 live",
      "retry.agent_launch.multiplier = 2 live",
      "retry.agent_launch.max_backoff_ms = 16000 live",
      "retry.agent_launch.jitter = 0.5 live",
    ]
  `);
});
