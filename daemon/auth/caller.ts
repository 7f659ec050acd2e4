import { type Access, type Scope, scopeGrants, scopes } from '../../schemas/define.ts';

/** Who is on a connection. */
export interface Caller {
  /** As events name it: owner, token:<name>, session:<id>. */
  readonly actor: string;
  readonly scopes: readonly Scope[];
  readonly access: ReadonlySet<Access>;
  readonly tokenId?: string;
  /** When its token ends, and with it its connections. */
  readonly expiresAt?: number;
  /** Set for processes inside a session. */
  readonly sessionId?: string;
}

export function accessOf(granted: readonly Scope[]): ReadonlySet<Access> {
  return new Set<Access>(['public', ...granted.flatMap((scope) => scopeGrants[scope])]);
}

/** Whoever can open the Unix socket is the user whose daemon this is. */
export const owner: Caller = { actor: 'owner', scopes, access: accessOf(scopes) };
