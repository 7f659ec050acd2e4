// What the commands about policy and logins ask of the daemon and print.
import type { Case } from './command-cases.ts';
import { at, ids, type Script } from './fake-daemon.ts';

const flowId = 'flw_00000000000000000000000001';

export const login = {
  flowId,
  provider: 'hub',
  status: 'pending' as const,
  userCode: 'ABCD-EFGH',
  verificationUri: 'https://hub.example/device',
  verificationUriComplete: 'https://hub.example/device?code=ABCD-EFGH',
  interval: 5,
  expiresAt: at,
};

const denied = {
  decision: 'deny' as const,
  ruleId: 'max_runtime' as const,
  message: 'The command "x" asks for 61 s.',
  fix: 'Set its timeout to 60.',
};

export const policyScript: Script = {
  'policy.explain': () => ({ decisions: [denied], rules: [{ ruleId: 'max_runtime', setting: 60 }] }),
  'policy.listDecisions': () => ({
    decisions: [{ ...denied, id: 'dec_00000000000000000000000001', at, actor: 'owner', sessionId: ids.session }],
  }),
  'auth.status': () => ({ provider: 'hub', loggedIn: false, login }),
  'auth.logout': () => ({ loggedOut: true, revoked: false }),
};

export const policyCases: Case[] = [
  {
    words: ['policy', 'explain'],
    calls: 'policy.explain',
    params: {},
    prints: 'max_runtime\t60\n',
    json: { rules: [{ ruleId: 'max_runtime' }] },
  },
  {
    words: ['policy', 'explain', '--timeout', '61', '--executable', 'git', '--env', 'HOME', '--path', '/src', '--artifact-bytes', '5'],
    calls: 'policy.explain',
    params: { timeoutSeconds: 61, executable: 'git', env: 'HOME', path: '/src', artifactBytes: 5 },
    prints: 'deny The command "x" asks for 61 s. (max_runtime) Set its timeout to 60.\n',
    json: { decisions: [{ decision: 'deny' }] },
  },
  {
    words: ['policy', 'decisions', '--session', 'x', '--denied'],
    calls: 'policy.listDecisions',
    params: { session: 'x', decision: 'deny', limit: 200 },
    prints: `deny\tmax_runtime\t${at}\towner\t${ids.session}\tThe command "x" asks for 61 s.\n`,
    json: { decisions: [{ ruleId: 'max_runtime' }] },
  },
  {
    words: ['auth', 'status', 'hub'],
    calls: 'auth.status',
    params: { provider: 'hub' },
    prints: 'hub not logged in\nlogin waits: https://hub.example/device ABCD-EFGH\n',
    json: { loggedIn: false },
  },
  {
    words: ['auth', 'logout', 'hub'],
    calls: 'auth.logout',
    params: { provider: 'hub' },
    prints: 'hub logged out\n',
    warns: 'coppice: The server did not confirm it; the tokens may be of use to whoever has them.\n',
    json: { loggedOut: true },
  },
];
