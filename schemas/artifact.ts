import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Id, idOf, NextCursor, page, Ref, Sha256, Time } from './primitives.ts';

export const artifactKinds = ['spec', 'log', 'output', 'prompt', 'analysis', 'plan', 'config'] as const;

export const Artifact = z
  .object({
    id: Id,
    sessionId: Id,
    kind: z.enum(artifactKinds),
    path: z.string().describe('Inside the artifact directory of its session.'),
    sizeBytes: z.int(),
    sha256: Sha256,
    mime: z.string(),
    createdAt: Time,
  })
  .meta({ id: 'Artifact' });
export type Artifact = z.infer<typeof Artifact>;

export const artifactMethods = {
  'artifact.list': defineMethod({
    summary: 'Artifacts of a session, by path.',
    access: 'read',
    effect: 'read',
    params: { ...page, session: Ref.describe('Session id or slug.'), kind: z.enum(artifactKinds).optional() },
    result: z.object({ artifacts: z.array(Artifact), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'artifact.read': defineMethod({
    summary: 'A range of one artifact.',
    access: 'read',
    effect: 'read',
    params: {
      id: idOf('an artifact', 'coppice artifacts <session>'),
      offset: z.int().min(0).default(0),
      limit: z
        .int()
        .min(1)
        .max(limits.readArtifactBytes)
        .default(64 * 1024),
      encoding: z.enum(['utf8', 'base64']).default('utf8'),
    },
    result: z.object({ offset: z.int(), nextOffset: z.int(), sizeBytes: z.int(), data: z.string() }),
    errors: ['NOT_FOUND'],
  }),
};

export const artifactWriteMethods = {
  'artifact.put': defineMethod({
    summary: 'Stores a file of a session: a path inside its worktree, or content. A process inside a session may write to its own only.',
    access: 'session',
    effect: 'mutation',
    params: {
      session: Ref.describe('Session id or slug.'),
      name: z.string().min(1).max(limits.nameChars).describe('Relative, below the folder of its kind.'),
      kind: z.enum(artifactKinds).default('output'),
      path: AbsolutePath.optional().describe('A file inside the worktree or project of the session; or give content.'),
      content: z.string().max(limits.artifactPutBytes).optional(),
      encoding: z.enum(['utf8', 'base64']).default('utf8'),
    },
    result: Artifact,
    errors: ['NOT_FOUND', 'PRECONDITION', 'INVALID_PARAMS', 'POLICY_DENIED'],
  }),
  'artifact.archive': defineMethod({
    summary: 'Packs the artifacts of an ended session into one tar.gz with its sha256.',
    access: 'operate',
    effect: 'mutation',
    params: { session: Ref.describe('Session id or slug.') },
    result: z.object({ path: z.string(), sizeBytes: z.int(), sha256: Sha256, files: z.int() }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_FAILED'],
  }),
  'artifact.prune': defineMethod({
    summary: 'Deletes artifacts by age and size; never of sessions that live or keep a worktree.',
    access: 'operate',
    effect: 'mutation',
    params: {
      olderThanDays: z.number().min(0).max(3_650).optional(),
      keepBytes: z.int().min(0).optional().describe('Delete the oldest until no more than this is left.'),
      dryRun: z.boolean().default(false),
    },
    result: z.object({
      sessions: z.array(z.object({ id: Id, slug: z.string(), sizeBytes: z.int(), endedAt: Time })),
      sizeBytes: z.int(),
      dryRun: z.boolean(),
    }),
    errors: ['INVALID_PARAMS'],
  }),
};

export const artifactEvents = {
  'artifact.archived': defineEvent({
    summary: 'The artifacts of a session were packed.',
    data: z.object({ path: z.string(), sha256: Sha256 }),
  }),
  'artifact.pruned': defineEvent({
    summary: 'The artifacts of a session were deleted.',
    data: z.object({ slug: z.string(), sizeBytes: z.int() }),
  }),
  'artifact.stored': defineEvent({
    summary: 'A file of a session was indexed.',
    data: Artifact.pick({ id: true, kind: true, path: true, sizeBytes: true }),
  }),
};
