// The words of spec tasks. Without zod, so that a client may use them.

export const specTaskStatuses = [
  'backlog',
  'queued_spec_generation',
  'spec_generation',
  'spec_review',
  'spec_revision',
  'spec_approved',
  'queued_implementation',
  'implementation',
  'implementation_review',
  'done',
  'spec_failed',
  'implementation_failed',
  'cancelled',
] as const;

export const adapters = ['acp', 'tmux', 'zed'] as const;
export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export const landings = ['none', 'ff', 'merge', 'squash', 'pr'] as const;
export const mergeStrategies = ['rebase_ff', 'merge', 'squash'] as const;
export const documents = ['requirements', 'design', 'plan'] as const;

export const workSessionStatuses = ['pending', 'active', 'blocked', 'completed', 'failed', 'cancelled'] as const;

/** What it does within its status. */
export const stages = {
  pending: ['waiting_dependencies', 'waiting_slot', 'provisioning'],
  active: ['running', 'waiting_human', 'verifying', 'awaiting_merge', 'merging'],
} as const;

export const blockedReasons = [
  'waiting_human',
  'waiting_session',
  'merge_conflict',
  'instance_lost',
  'paused',
  'silent',
  'dependency_failed',
] as const;
