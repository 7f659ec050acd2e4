import { z } from 'zod';
import type { ErrorKind } from './errors.ts';

/** What a method asks of its caller. `public` methods answer anyone who got through the door. */
export const accessLevels = ['public', 'session', 'read', 'operate', 'approve', 'admin'] as const;
export type Access = (typeof accessLevels)[number];

export const scopes = ['session', 'read', 'operate', 'approve', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Which access levels a scope opens. A caller may do what any of its scopes opens. */
export const scopeGrants: Readonly<Record<Scope, readonly Access[]>> = {
  session: ['public', 'session', 'read'],
  read: ['public', 'read'],
  operate: ['public', 'session', 'read', 'operate'],
  approve: ['public', 'read', 'approve'],
  admin: accessLevels,
};

/** A read has no side effects and is aborted when its connection closes; a mutation runs on. */
export type Effect = 'read' | 'mutation';

/** Fields that a method has without naming them. The rpc room takes them out before a handler sees the parameters. */
export const callFields = {
  progressToken: z
    .union([z.string().max(128), z.int()])
    .optional()
    .describe('Names the $/progress notifications of this call.'),
};
export const mutationFields = {
  ...callFields,
  idempotencyKey: z.string().min(1).max(128).optional().describe('A second call with the same key answers what the first one did.'),
};
export type CommonFields<E extends Effect> = E extends 'mutation' ? typeof mutationFields : typeof callFields;

export interface Method<S extends z.ZodRawShape = z.ZodRawShape, R extends z.ZodType = z.ZodType, E extends Effect = Effect> {
  readonly summary: string;
  readonly access: Access;
  readonly effect: E;
  readonly params: z.ZodObject<S & CommonFields<E>, z.core.$strict>;
  /** The parameters as a handler gets them. */
  readonly own: z.ZodObject<S, z.core.$strict>;
  readonly result: R;
  /** Kinds beyond the universal ones. */
  readonly errors: readonly ErrorKind[];
}

/** Declares one method: its parameters as a shape (always an object, unknown keys refused), its result as a schema. */
export function defineMethod<const S extends z.ZodRawShape, R extends z.ZodType, const E extends Effect>(spec: {
  summary: string;
  access: Access;
  effect: E;
  params: S;
  result: R;
  errors?: readonly ErrorKind[];
}): Method<S, R, E> {
  const common = (spec.effect === 'mutation' ? mutationFields : callFields) as CommonFields<E>;
  return {
    summary: spec.summary,
    access: spec.access,
    effect: spec.effect,
    params: z.strictObject({ ...spec.params, ...common } as S & CommonFields<E>) as Method<S, R, E>['params'],
    own: z.strictObject(spec.params) as Method<S, R, E>['own'],
    result: spec.result,
    errors: spec.errors ?? [],
  };
}

export interface EventDef<D extends z.ZodType = z.ZodType> {
  readonly summary: string;
  /** A durable event has a sequence number and is written with its fact; an ephemeral one may be shed. */
  readonly durable: boolean;
  readonly data: D;
}

export function defineEvent<D extends z.ZodType>(spec: { summary: string; durable?: boolean; data: D }): EventDef<D> {
  return { summary: spec.summary, durable: spec.durable ?? true, data: spec.data };
}
