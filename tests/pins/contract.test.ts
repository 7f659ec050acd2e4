// Literal copies of what clients rely on. A red pin is no bug by itself: it asks whether the change is meant, and for a line in the
// changelog. Change a pin in the commit that changes the thing.
import { expect, test } from 'vitest';
import { methods } from '../../schemas/contract.ts';
import { type Method, scopeGrants } from '../../schemas/define.ts';
import { errorTable, universalErrors } from '../../schemas/errors.ts';
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
