// A socket of the daemon on which it speaks the Agent Client Protocol. What goes over it then is not looked at here.
import { Peer } from '../../rpc/peer.ts';
import type { DetachedSocket } from '../../rpc/transport.ts';
import { connectUnix } from '../../rpc/unix-socket.ts';
import { protocol } from '../../schemas/protocol.ts';

export interface AcpUpgrade {
  readonly workSessionId?: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** `hello`: with the token of the session that we are inside of, if we are. Rejects with what the daemon answered. */
export async function openAcp(path: string, token: string | undefined, upgrade: AcpUpgrade): Promise<DetachedSocket> {
  const peer = new Peer(await connectUnix(path));
  try {
    if (token !== undefined)
      await peer.call('daemon.hello', { protocolVersion: protocol, client: { name: 'coppice acp', version: '' }, token });
    await peer.call('acp.upgrade', upgrade);
  } catch (error) {
    peer.close();
    throw error;
  }
  return new Promise((resolve) => peer.detachWhenIdle(resolve));
}
