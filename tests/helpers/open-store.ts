// A real store on a real file, and the rows that tests put into it.
import { systemClock } from '../../daemon/kernel/clock.ts';
import { Store, type StoreOptions } from '../../daemon/store/store.ts';
import type { ArtifactRecord } from '../../daemon/store/tables/artifacts.ts';
import type { AuthFlowRecord } from '../../daemon/store/tables/auth-flows.ts';
import type { GroupRecord, MemberRecord } from '../../daemon/store/tables/groups.ts';
import type { PolicyDecisionRecord } from '../../daemon/store/tables/policy-decisions.ts';
import type { ProjectRecord } from '../../daemon/store/tables/projects.ts';
import type { SessionRecord } from '../../daemon/store/tables/sessions.ts';
import type { StepRecord } from '../../daemon/store/tables/step-runs.ts';
import type { TerminalRecord } from '../../daemon/store/tables/terminals.ts';
import type { TokenRecord } from '../../daemon/store/tables/tokens.ts';
import type { WorktreeRecord } from '../../daemon/store/tables/worktrees.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

export interface TestStore extends Disposable {
  readonly store: Store;
  readonly dir: TempDir;
  readonly path: string;
}

export function openTestStore(options: Partial<StoreOptions> = {}): TestStore {
  const dir = createTempDir();
  const path = dir.at('coppice.db');
  const store = new Store({ path, backupDir: dir.at('backups'), clock: systemClock, random: () => 0.5, ...options });
  return {
    store,
    dir,
    path,
    [Symbol.dispose]() {
      store.close();
      dir[Symbol.dispose]();
    },
  };
}

type NewMember = Omit<MemberRecord, 'status' | 'reason'>;

/** `idOf('ses', 7)`: an id that sorts by its number. */
export function idOf(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(26, '0')}`;
}

export const projectId = idOf('prj', 1);

export function projectRow(over: Partial<ProjectRecord> = {}): ProjectRecord {
  return { id: projectId, name: 'demo', path: '/src/demo', gitDir: '/src/demo/.git', createdAt: 1, ...over };
}

export function sessionRow(n: number, over: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: idOf('ses', n),
    slug: `build-${n}`,
    commandName: 'build',
    kind: 'standard',
    projectId,
    projectPath: '/src/demo',
    artifactDir: `/state/artifacts/demo/build-${n}`,
    status: 'queued',
    role: 'plain',
    arguments: {},
    definition: '{}',
    definitionSha256: '0'.repeat(64),
    createdAt: n,
    ...over,
  };
}

export function stepRow(n: number, over: Partial<StepRecord> = {}): StepRecord {
  return {
    id: idOf('stp', n),
    sessionId: idOf('ses', 1),
    position: 1_000 + n,
    index: n,
    phase: 'main',
    attempt: 1,
    name: `step ${n}`,
    type: 'shell',
    runIn: 'process',
    status: 'pending',
    outputOffset: 0,
    outputSize: 0,
    ...over,
  };
}

export function worktreeRow(n: number, over: Partial<WorktreeRecord> = {}): WorktreeRecord {
  return {
    id: idOf('wt', n),
    projectId,
    path: `/data/worktrees/demo/w${n}`,
    branch: `topic-${n}`,
    base: 'master',
    baseCommit: 'a'.repeat(40),
    branchCreated: true,
    status: 'present',
    createdAt: n,
    ...over,
  };
}

export function terminalRow(n: number, over: Partial<TerminalRecord> = {}): TerminalRecord {
  return {
    id: idOf('trm', n),
    name: `demo-${n}`,
    tmuxId: `$${n}`,
    shellRunId: idOf('stp', 900 + n),
    cwd: '/src',
    status: 'live',
    createdAt: n,
    ...over,
  };
}

export function groupRow(n: number, over: Partial<GroupRecord> = {}): GroupRecord {
  return { id: idOf('grp', n), projectId, kind: 'all', required: 1, failFast: false, status: 'running', createdAt: n, ...over };
}

/** The first attempt of the nth member, whose session is the nth. */
export function memberRow(n: number, over: Partial<NewMember> = {}): NewMember {
  return { groupId: idOf('grp', 1), member: n, attempt: 1, sessionId: idOf('ses', n), slug: `build-${n}`, commandName: 'build', ...over };
}

export function artifactRow(n: number, over: Partial<ArtifactRecord> = {}): ArtifactRecord {
  return {
    id: idOf('art', n),
    sessionId: idOf('ses', 1),
    kind: 'output',
    path: `outputs/${n}.txt`,
    sizeBytes: n,
    sha256: 'b'.repeat(64),
    mime: 'text/plain',
    createdAt: n,
    ...over,
  };
}

export function tokenRow(n: number, over: Partial<TokenRecord> = {}): TokenRecord {
  return { id: idOf('tok', n), name: `token ${n}`, hash: `hash ${n}`, scopes: ['read'], createdAt: n, ...over };
}

export function decisionRow(n: number, over: Partial<PolicyDecisionRecord> = {}): PolicyDecisionRecord {
  return { id: idOf('dec', n), at: n, decision: 'deny', ruleId: 'max_runtime', message: 'No.', actor: 'owner', projectId, ...over };
}

export function flowRow(n: number, over: Partial<AuthFlowRecord> = {}): AuthFlowRecord {
  const shown = { userCode: 'ABCD-EFGH', verificationUri: 'https://hub.example/device', intervalSeconds: 5 };
  return { id: idOf('flw', n), provider: 'hub', status: 'pending', ...shown, expiresAt: 1_000_000, createdAt: n, ...over };
}
