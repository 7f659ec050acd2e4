import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { rawHttp, upgradeHeaders } from '../helpers/rpc-http.ts';
import { until } from '../helpers/until.ts';
import { doorOf, hello, openDoor } from '../helpers/websocket-door.ts';

describe('a token', () => {
  test('opens what its scopes say and no more', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const { token } = await daemon.client.auth.createToken({ name: 'reader', scopes: ['read'] });
    const peer = await openDoor(door, token);
    expect(await peer.call('session.list')).toMatchObject({ sessions: [] });
    expect(await peer.call('event.list')).toMatchObject({ fresh: false });
    const refused: [string, Record<string, unknown>][] = [
      ['session.start', { project: 'x', command: 'x' }],
      ['session.cancel', { id: 'x' }],
      ['worktree.remove', { worktree: 'x' }],
      ['terminal.send', {}],
      ['daemon.stop', {}],
      ['auth.createToken', { name: 'more', scopes: ['admin'] }],
      ['auth.listTokens', {}],
      ['config.reload', {}],
    ];
    for (const [method, params] of refused) {
      await expect(peer.call(method, params), method).rejects.toMatchObject({ kind: 'FORBIDDEN', details: { method } });
    }
    // What came by a token stays under it: a hello without one does not raise it.
    expect(await peer.call('daemon.hello', hello)).toMatchObject({ scopes: ['read'] });
    await expect(peer.call('daemon.stop')).rejects.toMatchObject({ kind: 'FORBIDDEN' });
    await expect(peer.call('daemon.hello', { ...hello, token: 'wrong' })).rejects.toMatchObject({ kind: 'UNAUTHENTICATED' });
    peer.close();
  });

  test('that is revoked closes its connections, on either door, and opens nothing again', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const { token, id } = await daemon.client.auth.createToken({ name: 'gone', scopes: ['admin'] });
    const { token: other } = await daemon.client.auth.createToken({ name: 'stays', scopes: ['read'] });
    const peers = [await openDoor(door, token), await openDoor(door, token)];
    const stays = await openDoor(door, other);
    const lowered = daemon.client;
    // One that revokes its own token still learns that it did.
    expect(await peers[0]?.call('auth.revokeToken', { token: id })).toEqual({});
    await Promise.all(peers.map((peer) => peer.closed));
    await expect(openDoor(door, token)).rejects.toThrow(/401/);
    await expect(lowered.daemon.hello({ protocolVersion: 1, token })).rejects.toMatchObject({ kind: 'UNAUTHENTICATED' });
    expect(await stays.call('daemon.ping')).toEqual({ pid: daemon.pid });
    stays.close();
  });

  test('that has expired opens nothing', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { token } = await daemon.client.auth.createToken({ name: 'short', scopes: ['read'], expiresAt });
    const peer = await openDoor(door, token);
    await until('the token to expire', async () => {
      const { status } = await rawHttp(door.port, 'GET / HTTP/1.1', [
        `Host: 127.0.0.1:${door.port}`,
        `Authorization: Bearer ${token}`,
        ...upgradeHeaders,
      ]);
      return status === 401;
    });
    await peer.closed;
    await expect(
      daemon.client.auth.createToken({ name: 'past', scopes: ['read'], expiresAt: new Date(0).toISOString() }),
    ).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  });

  test('of the owner can be rotated by replacing its file', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    writeFileSync(join(daemon.home.stateDir, 'token'), 'a-new-token-of-the-owner-0123456789\n', { mode: 0o600 });
    await expect(openDoor(door, door.token)).rejects.toThrow(/401/);
    (await openDoor(door, 'a-new-token-of-the-owner-0123456789')).close();
  });
});
