// Rows of a spec task, for tests that put them into a store themselves.
import type { ImplTaskRecord } from '../../daemon/store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../../daemon/store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../daemon/store/tables/work-sessions.ts';
import { idOf, projectId } from './open-store.ts';

export const specTaskId = idOf('spt', 1);

export function specTaskRow(n: number, over: Partial<SpecTaskRecord> = {}): SpecTaskRecord {
  return {
    ...{ id: idOf('spt', n), number: n, projectId, name: `Task ${n}`, prompt: 'Do it', type: 'feature', priority: 'medium' },
    ...{ status: 'implementation', revision: 1, approvedRevision: 1, baseBranch: 'main', integrationBranch: `spt/${n}-task/integration` },
    ...{ branchPrefix: `spt/${n}-task`, dependsOn: [], labels: [], skipPlanning: false, planningAgent: 'fake', planningAttempts: 0 },
    ...{ implementationAgents: ['fake'], adapter: 'acp', workspaceConfig: { copy: [], env: {}, setup: [] }, failPolicy: 'continue' },
    ...{ approvalsRequired: 1, landing: 'none', createdBy: 'owner', createdAt: n, version: 1 },
    ...over,
  };
}

export function implTaskRow(n: number, over: Partial<ImplTaskRecord> = {}): ImplTaskRecord {
  return {
    ...{ id: idOf('imp', n), specTaskId, label: String(n), key: `item-${n}`, index: n, title: `Item ${n}`, description: '' },
    ...{ acceptance: [], effort: 'medium', effortSource: 'default', priority: 'medium', dependencies: [], files: [], verify: [] },
    ...{ parallel: false, initialStatus: 'pending', startedHint: false, requirements: [], contentHash: '', planRevision: 1 },
    ...{ drifted: false, status: 'pending', createdAt: n },
    ...over,
  };
}

export function workSessionRow(n: number, over: Partial<WorkSessionRecord> = {}): WorkSessionRecord {
  return {
    ...{ id: idOf('wks', n), specTaskId, projectId, kind: 'planned', depth: 0, name: `Item ${n}`, description: '', prompt: 'Do it' },
    ...{ status: 'active', stage: 'running', started: true, required: true, mergeInto: 'integration', base: 'integration', dependsOn: [] },
    ...{ branch: `spt/1-task/${n}`, attempt: 1, turnsSeen: 0, verifyAttempts: 0, agent: 'fake', createdAt: n, version: 1 },
    ...over,
  };
}
