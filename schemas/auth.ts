import { z } from 'zod';
import { defineEvent, defineMethod, scopes } from './define.ts';
import { Id, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const Token = z
  .object({
    id: Id,
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    createdAt: Time,
    expiresAt: Time.optional(),
    revokedAt: Time.optional(),
    lastUsedAt: Time.optional(),
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof Token>;

export const authMethods = {
  'auth.createToken': defineMethod({
    summary: 'Makes a token; its secret is in this one answer and nowhere else.',
    access: 'admin',
    effect: 'mutation',
    params: {
      name: z.string().min(1).max(80),
      scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
      expiresAt: Time.optional(),
    },
    result: Token.extend({ token: z.string() }),
    errors: ['ALREADY_EXISTS'],
  }),
  'auth.listTokens': defineMethod({
    summary: 'Tokens without their secrets, newest first.',
    access: 'admin',
    effect: 'read',
    params: { ...page },
    result: z.object({ tokens: z.array(Token), nextCursor: NextCursor }),
  }),
  'auth.revokeToken': defineMethod({
    summary: 'Ends a token at once and closes its connections.',
    access: 'admin',
    effect: 'mutation',
    params: { token: Ref.describe('Token id or name.') },
    result: Ok,
    errors: ['NOT_FOUND'],
  }),
};

export const authEvents = {
  'auth.tokenCreated': defineEvent({
    summary: 'A token was made.',
    data: z.object({ tokenId: Id, name: z.string(), scopes: z.array(z.enum(scopes)) }),
  }),
  'auth.tokenRevoked': defineEvent({ summary: 'A token was ended.', data: z.object({ tokenId: Id, name: z.string() }) }),
};
