// The pure rules of a spec task's status.
import type { SpecTaskStatus } from '../../schemas/spec-task.ts';
import type { Transitions } from '../kernel/transitions.ts';

export const specTaskTransitions: Transitions<SpecTaskStatus> = {
  backlog: ['queued_spec_generation', 'queued_implementation', 'spec_review', 'cancelled'],
  queued_spec_generation: ['spec_generation', 'cancelled'],
  spec_generation: ['spec_review', 'spec_failed', 'cancelled'],
  spec_review: ['spec_approved', 'spec_revision', 'cancelled'],
  spec_revision: ['spec_generation', 'spec_review', 'cancelled'],
  spec_approved: ['queued_implementation', 'cancelled'],
  queued_implementation: ['implementation', 'cancelled'],
  implementation: ['implementation_review', 'implementation_failed', 'cancelled'],
  implementation_review: ['implementation', 'done', 'cancelled'],
  done: [],
  spec_failed: ['queued_spec_generation', 'cancelled'],
  implementation_failed: ['implementation', 'cancelled'],
  cancelled: [],
};

export function hasEnded(status: SpecTaskStatus): boolean {
  return specTaskTransitions[status].length === 0;
}
