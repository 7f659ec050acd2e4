import { z } from 'zod';
import { defineEvent, defineMethod, scopes } from './define.ts';
import { Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';
import { RegistryName } from './registry-name.ts';

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

export const loginStatuses = ['pending', 'granted', 'denied', 'expired', 'cancelled', 'failed'] as const;
export type LoginStatus = (typeof loginStatuses)[number];

const Login = z
  .object({
    flowId: Id,
    provider: z.string(),
    status: z.enum(loginStatuses),
    reason: z.string().optional().describe('Why it failed: the code of the error.'),
    userCode: z.string().describe('What the user enters at verificationUri.'),
    verificationUri: z.string(),
    verificationUriComplete: z.string().optional().describe('The same with the code in it.'),
    interval: z.int().describe('Seconds between two questions to the server; grows when it asks for that.'),
    expiresAt: Time,
  })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof Login>;

const flowOrProvider = {
  flowId: idOf('a login', 'coppice auth status <provider>').optional(),
  provider: RegistryName.optional().describe('Its latest login. Either this or flowId.'),
};

export const loginMethods = {
  'auth.start': defineMethod({
    summary: 'Begins a login by device code, or answers the one of the provider that is under way; an event tells how it ends.',
    access: 'admin',
    effect: 'mutation',
    params: { provider: RegistryName },
    result: Login,
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_FAILED', 'UNAVAILABLE'],
  }),
  'auth.status': defineMethod({
    summary: 'Whether a provider is logged in, and how its login stands. No method tells a token.',
    access: 'operate',
    effect: 'read',
    params: flowOrProvider,
    result: z.object({
      provider: z.string(),
      loggedIn: z.boolean().describe('There is a token that is good, or that can be refreshed.'),
      expiresAt: Time.optional().describe('Of the access token.'),
      scopes: z.array(z.string()).optional(),
      login: Login.optional(),
    }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'INVALID_PARAMS'],
  }),
  'auth.cancel': defineMethod({
    summary: 'Ends a login that is under way.',
    access: 'admin',
    effect: 'mutation',
    params: flowOrProvider,
    result: Login,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'INVALID_PARAMS'],
  }),
  'auth.logout': defineMethod({
    summary: 'Forgets the tokens of a provider and ends its login; revokes them where the server has a place for that.',
    access: 'admin',
    effect: 'mutation',
    params: { provider: RegistryName },
    result: z.object({
      loggedOut: z.boolean().describe('False: there was nothing to forget.'),
      revoked: z.boolean().describe('The server confirmed that the tokens are of no use any more.'),
    }),
    errors: ['NOT_FOUND', 'PRECONDITION'],
  }),
};

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

const login = z.object({ flowId: Id, provider: z.string() });

export const loginEvents = {
  'auth.started': defineEvent({
    summary: 'A login waits for its user.',
    data: login.extend({ verificationUri: z.string(), expiresAt: Time }),
  }),
  'auth.granted': defineEvent({
    summary: 'The user confirmed a login, and its tokens are kept.',
    data: login.extend({ scopes: z.array(z.string()).optional(), expiresAt: Time.optional() }),
  }),
  'auth.denied': defineEvent({ summary: 'The user refused a login.', data: login }),
  'auth.expired': defineEvent({ summary: 'Nobody confirmed a login in its time.', data: login }),
  'auth.cancelled': defineEvent({ summary: 'Somebody ended a login here.', data: login }),
  'auth.failed': defineEvent({ summary: 'A login came to nothing for another reason.', data: login.extend({ reason: z.string() }) }),
  'auth.loginEnded': defineEvent({
    summary: 'The tokens of a provider were forgotten.',
    data: z.object({ provider: z.string(), revoked: z.boolean() }),
  }),
  'auth.loginRequired': defineEvent({
    summary: 'The tokens of a provider are of no use any more; somebody must log in.',
    data: z.object({ provider: z.string(), reason: z.string() }),
  }),
};

export const authEvents = {
  'auth.tokenCreated': defineEvent({
    summary: 'A token was made.',
    data: z.object({ tokenId: Id, name: z.string(), scopes: z.array(z.enum(scopes)) }),
  }),
  'auth.tokenRevoked': defineEvent({ summary: 'A token was ended.', data: z.object({ tokenId: Id, name: z.string() }) }),
};
