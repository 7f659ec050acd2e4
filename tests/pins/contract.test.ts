// Literal copies of what clients rely on. A red pin is no bug by itself: it asks whether the change is meant, and for a line in the
// changelog. Change a pin in the commit that changes the thing.
import { expect, test } from 'vitest';
import { exitCodes } from '../../client/cli/exit-codes.ts';
import { type ConfigKey, keyPaths, nodeAt } from '../../schemas/config-tree.ts';
import { events, methods } from '../../schemas/contract.ts';
import { type EventDef, type Method, scopeGrants } from '../../schemas/define.ts';
import { errorTable, universalErrors } from '../../schemas/errors.ts';
import { notifications } from '../../schemas/event.ts';
import { type Figure, figures } from '../../schemas/figures.ts';
import { foreverMethods, protocol, webSocketTokenPrefix } from '../../schemas/protocol.ts';

test('the protocol', () => {
  expect({ protocol, foreverMethods, webSocketTokenPrefix }).toMatchInlineSnapshot(`
    {
      "foreverMethods": [
        "daemon.hello",
        "rpc.discover",
        "daemon.status",
        "daemon.stop",
      ],
      "protocol": {
        "max": 1,
        "min": 1,
      },
      "webSocketTokenPrefix": "coppice.token.",
    }
  `);
});

test('error kinds: code, whether to call again, exit status of the CLI', () => {
  const rows = Object.entries(errorTable).map(
    ([kind, { code, retryable, exit }]) => `${kind} ${code} ${retryable ? 'retry' : '-'} ${exit}`,
  );
  expect(rows).toMatchInlineSnapshot(`
    [
      "PARSE_ERROR -32700 - 2",
      "INVALID_REQUEST -32600 - 2",
      "METHOD_NOT_FOUND -32601 - 2",
      "INVALID_PARAMS -32602 - 2",
      "INTERNAL -32603 - 70",
      "NOT_FOUND 4040 - 4",
      "INVALID_TRANSITION 4090 - 5",
      "ALREADY_EXISTS 4090 - 5",
      "CONFLICT 4090 - 5",
      "PRECONDITION 4090 - 5",
      "WORK_AT_RISK 4090 - 5",
      "ALREADY_RUNNING 4090 - 5",
      "CONFIG_INVALID 4220 - 6",
      "COMMAND_INVALID 4220 - 6",
      "PLAN_INVALID 4220 - 6",
      "MODEL_UNKNOWN 4220 - 6",
      "DB_TOO_NEW 4220 - 6",
      "DB_CORRUPT 4220 - 6",
      "DB_PRAGMA 4220 - 6",
      "UNAUTHENTICATED 4010 - 7",
      "FORBIDDEN 4030 - 7",
      "POLICY_DENIED 4030 - 7",
      "INCOMPATIBLE 4260 - 3",
      "LIMIT_EXCEEDED 4290 retry 8",
      "CANCELLED 4990 - 130",
      "TOOL_FAILED 5020 - 10",
      "AGENT_FAILED 5020 - 10",
      "GIT_CONFLICT 5020 - 10",
      "UNAVAILABLE 5030 retry 11",
      "STORE_BUSY 5030 retry 11",
      "SHUTTING_DOWN 5030 retry 11",
      "TOOL_MISSING 5031 - 11",
      "DEADLINE_EXCEEDED 5040 retry 12",
    ]
  `);
  expect(universalErrors).toMatchInlineSnapshot(`
    [
      "INVALID_PARAMS",
      "FORBIDDEN",
      "UNAUTHENTICATED",
      "CANCELLED",
      "LIMIT_EXCEEDED",
      "SHUTTING_DOWN",
      "STORE_BUSY",
      "INTERNAL",
    ]
  `);
});

test('methods: access, and whether they change something', () => {
  const rows = Object.entries(methods as Record<string, Method>).map(([name, { access, effect }]) => `${name} ${access} ${effect}`);
  expect(rows).toMatchInlineSnapshot(`
    [
      "daemon.hello public read",
      "daemon.ping public read",
      "daemon.status read read",
      "daemon.metrics read read",
      "daemon.doctor read read",
      "daemon.stop admin mutation",
      "daemon.dbStatus read read",
      "daemon.dbVacuum admin mutation",
      "daemon.dbBackup admin mutation",
      "daemon.dbCheck operate read",
      "config.get read read",
      "config.explain read read",
      "config.validate operate read",
      "config.schema public read",
      "config.reload admin mutation",
      "project.add operate mutation",
      "project.list read read",
      "project.get read read",
      "project.remove operate mutation",
      "command.list read read",
      "command.get read read",
      "command.validate read read",
      "command.plan read read",
      "session.start operate mutation",
      "session.list read read",
      "session.get read read",
      "session.listSteps read read",
      "session.cancel operate mutation",
      "session.retry operate mutation",
      "session.getData read read",
      "session.setData session mutation",
      "session.listData read read",
      "session.remove operate mutation",
      "session.readOutput read read",
      "session.send operate mutation",
      "session.attach operate read",
      "worktree.create operate mutation",
      "worktree.list read read",
      "worktree.get read read",
      "worktree.diff read read",
      "worktree.adopt operate mutation",
      "worktree.commit operate mutation",
      "worktree.merge operate mutation",
      "worktree.predictConflicts read read",
      "worktree.openPullRequest operate mutation",
      "worktree.listRemoved read read",
      "worktree.restore operate mutation",
      "worktree.remove operate mutation",
      "terminal.list read read",
      "terminal.get read read",
      "terminal.capture read read",
      "terminal.send operate mutation",
      "terminal.attach operate read",
      "terminal.adopt operate mutation",
      "terminal.kill operate mutation",
      "artifact.list read read",
      "artifact.read read read",
      "artifact.put session mutation",
      "artifact.archive operate mutation",
      "artifact.prune operate mutation",
      "lease.list read read",
      "lease.reserve session mutation",
      "lease.release session mutation",
      "group.start operate mutation",
      "group.list read read",
      "group.get read read",
      "group.retry operate mutation",
      "group.cancel operate mutation",
      "gate.list read read",
      "gate.get read read",
      "gate.run operate mutation",
      "schedule.list read read",
      "schedule.get read read",
      "schedule.create operate mutation",
      "schedule.remove operate mutation",
      "schedule.runNow operate mutation",
      "agent.list read read",
      "agent.get read read",
      "agent.resolve read read",
      "model.list read read",
      "model.get read read",
      "model.resolve read read",
      "policy.explain read read",
      "policy.listDecisions read read",
      "specTask.parsePlan read read",
      "auth.createToken admin mutation",
      "auth.listTokens admin read",
      "auth.revokeToken admin mutation",
      "auth.start admin mutation",
      "auth.status operate read",
      "auth.cancel admin mutation",
      "auth.logout admin mutation",
      "event.subscribe read read",
      "event.unsubscribe read read",
      "event.list read read",
      "rpc.discover public read",
    ]
  `);
});

test('what a scope opens', () => {
  expect(Object.entries(scopeGrants).map(([scope, levels]) => `${scope}: ${levels.join(' ')}`)).toMatchInlineSnapshot(`
    [
      "session: public session read",
      "read: public read",
      "operate: public session read operate",
      "approve: public read approve",
      "admin: public session read operate approve admin",
    ]
  `);
});

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
      "metrics.enabled = true live",
      "retry.default = {"max_attempts":3,"initial_backoff_ms":100,"multiplier":2,"max_backoff_ms":10000,"jitter":0.5} live",
      "retry.store_write = {"max_attempts":8,"initial_backoff_ms":100,"multiplier":1.5,"max_backoff_ms":5000,"jitter":0.5} live",
      "retry.store_read = {"max_attempts":3,"initial_backoff_ms":50,"multiplier":2,"max_backoff_ms":2000,"jitter":0.5} live",
      "retry.file = {"max_attempts":3,"initial_backoff_ms":100,"multiplier":2,"max_backoff_ms":5000,"jitter":0.5} live",
      "retry.network = {"max_attempts":5,"initial_backoff_ms":1000,"multiplier":2,"max_backoff_ms":30000,"jitter":0.5} live",
      "retry.agent_launch = {"max_attempts":3,"initial_backoff_ms":1000,"multiplier":2,"max_backoff_ms":16000,"jitter":0.5} live",
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
      "auth.<name>.client_id = required live",
      "auth.<name>.client_secret = - live",
      "auth.<name>.client_auth = "basic" live",
      "auth.<name>.scopes = [] live",
    ]
  `);
});
