// What a transaction can reach: each part of the store with its reader, and its writer for those who write.
import type { Db } from './database.ts';
import { createEventReader, createEventWriter, type LoggedEvent } from './event-log.ts';
import { createMetaReader, createMetaWriter } from './meta.ts';
import { createReceiptReader, createReceiptWriter } from './receipts.ts';
import { createArchiveReader, createArchiveWriter } from './tables/artifact-archives.ts';
import { createArtifactReader, createArtifactWriter } from './tables/artifacts.ts';
import { createAttentionReader, createAttentionWriter } from './tables/attention.ts';
import { createAuthFlowReader, createAuthFlowWriter } from './tables/auth-flows.ts';
import { createMessageReader, createMessageWriter, createSharedStateReader, createSharedStateWriter } from './tables/coordination.ts';
import { createGroupReader, createGroupWriter } from './tables/groups.ts';
import { createImplTaskReader, createImplTaskWriter } from './tables/impl-tasks.ts';
import {
  createInstanceReader,
  createInstanceWriter,
  createPermissionReader,
  createPermissionWriter,
  createPromptReader,
  createPromptWriter,
  createThreadReader,
  createThreadWriter,
} from './tables/instances.ts';
import { createLeaseReader, createLeaseWriter } from './tables/leases.ts';
import { createPolicyDecisionReader, createPolicyDecisionWriter } from './tables/policy-decisions.ts';
import { createProjectReader, createProjectWriter } from './tables/projects.ts';
import { createRemovedWorktreeReader, createRemovedWorktreeWriter } from './tables/removed-worktrees.ts';
import { createReviewReader, createReviewWriter } from './tables/reviews.ts';
import { createScheduleReader, createScheduleWriter } from './tables/schedules.ts';
import { createSessionReader, createSessionWriter } from './tables/sessions.ts';
import { createSpecTaskReader, createSpecTaskWriter } from './tables/spec-tasks.ts';
import { createAttemptReader, createAttemptWriter } from './tables/step-attempts.ts';
import { createStepReader, createStepWriter } from './tables/step-runs.ts';
import { createTerminalReader, createTerminalWriter } from './tables/terminals.ts';
import { createTokenReader, createTokenWriter } from './tables/tokens.ts';
import { createWorkSessionReader, createWorkSessionWriter } from './tables/work-sessions.ts';
import { createWorktreeReader, createWorktreeWriter } from './tables/worktrees.ts';

const parts = {
  events: { read: createEventReader, write: createEventWriter },
  meta: { read: createMetaReader, write: createMetaWriter },
  receipts: { read: createReceiptReader, write: createReceiptWriter },
  projects: { read: createProjectReader, write: createProjectWriter },
  worktrees: { read: createWorktreeReader, write: createWorktreeWriter },
  removedWorktrees: { read: createRemovedWorktreeReader, write: createRemovedWorktreeWriter },
  sessions: { read: createSessionReader, write: createSessionWriter },
  steps: { read: createStepReader, write: createStepWriter },
  attempts: { read: createAttemptReader, write: createAttemptWriter },
  groups: { read: createGroupReader, write: createGroupWriter },
  schedules: { read: createScheduleReader, write: createScheduleWriter },
  terminals: { read: createTerminalReader, write: createTerminalWriter },
  artifacts: { read: createArtifactReader, write: createArtifactWriter },
  archives: { read: createArchiveReader, write: createArchiveWriter },
  leases: { read: createLeaseReader, write: createLeaseWriter },
  tokens: { read: createTokenReader, write: createTokenWriter },
  policyDecisions: { read: createPolicyDecisionReader, write: createPolicyDecisionWriter },
  authFlows: { read: createAuthFlowReader, write: createAuthFlowWriter },
  specTasks: { read: createSpecTaskReader, write: createSpecTaskWriter },
  reviews: { read: createReviewReader, write: createReviewWriter },
  implTasks: { read: createImplTaskReader, write: createImplTaskWriter },
  workSessions: { read: createWorkSessionReader, write: createWorkSessionWriter },
  instances: { read: createInstanceReader, write: createInstanceWriter },
  threads: { read: createThreadReader, write: createThreadWriter },
  prompts: { read: createPromptReader, write: createPromptWriter },
  permissions: { read: createPermissionReader, write: createPermissionWriter },
  messages: { read: createMessageReader, write: createMessageWriter },
  sharedState: { read: createSharedStateReader, write: createSharedStateWriter },
  attention: { read: createAttentionReader, write: createAttentionWriter },
};

type Parts = typeof parts;
export type Reader = { readonly [N in keyof Parts]: ReturnType<Parts[N]['read']> };
export type Writer = { readonly [N in keyof Parts]: ReturnType<Parts[N]['write']> };

export function createReader(db: Db): Reader {
  return Object.fromEntries(Object.entries(parts).map(([name, { read }]) => [name, read(db)])) as Reader;
}

/** The events that are appended are gathered in `appended`, for whoever tells them once they are committed. */
export function createWriter(db: Db, now: () => number, appended: LoggedEvent[]): Writer {
  return Object.fromEntries(Object.entries(parts).map(([name, { write }]) => [name, write(db, now, appended)])) as Writer;
}
