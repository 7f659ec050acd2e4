import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, NextCursor, page, Ref, Sha256, Time } from './primitives.ts';

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
      id: Id,
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

export const artifactEvents = {
  'artifact.stored': defineEvent({
    summary: 'A file of a session was indexed.',
    data: Artifact.pick({ id: true, kind: true, path: true, sizeBytes: true }),
  }),
};
