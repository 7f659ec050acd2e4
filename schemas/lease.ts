import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const leaseKinds = ['port', 'name', 'slot'] as const;
/** Names the variable that tells the lease. */
export const leaseKeyPattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

export const Lease = z
  .object({
    id: Id,
    kind: z.enum(leaseKinds),
    key: z.string().describe('What the owner calls it: WEB gives COPPICE_LEASE_WEB.'),
    value: z.string().describe('The port, name or slot number.'),
    pool: z.string(),
    sessionId: Id.optional(),
    worktreeId: Id.optional(),
    createdAt: Time,
  })
  .meta({ id: 'Lease' });
export type Lease = z.infer<typeof Lease>;

export const leaseMethods = {
  'lease.list': defineMethod({
    summary: 'Ports, names and slots that are reserved, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, session: Ref.optional(), worktree: Ref.optional() },
    result: z.object({ leases: z.array(Lease), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'lease.reserve': defineMethod({
    summary: 'Reserves a free port, a name or a slot for a session or worktree until that ends.',
    access: 'session',
    effect: 'mutation',
    params: {
      kind: z.enum(leaseKinds),
      key: z.string().regex(leaseKeyPattern, 'must be letters, digits and underscores'),
      pool: z.string().min(1).max(limits.nameChars).default('default'),
      value: z.string().min(1).max(limits.nameChars).optional().describe('A certain port or name; default: a free one.'),
      slots: z.int().min(1).max(1_000).default(1).describe('For slots: how many the pool has.'),
      session: Ref.optional(),
      worktree: Ref.optional(),
    },
    result: Lease,
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION'],
  }),
  'lease.release': defineMethod({
    summary: 'Gives a lease back before its owner ends.',
    access: 'session',
    effect: 'mutation',
    params: { id: idOf('a lease', 'coppice leases') },
    result: Ok,
    errors: ['NOT_FOUND'],
  }),
};

export const leaseEvents = {
  'lease.reserved': defineEvent({
    summary: 'A port, name or slot was reserved.',
    data: Lease.pick({ id: true, kind: true, key: true, value: true }),
  }),
  'lease.released': defineEvent({
    summary: 'A port, name or slot is free again.',
    data: Lease.pick({ id: true, kind: true, key: true, value: true }),
  }),
};
