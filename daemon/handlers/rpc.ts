import { openRpcDocument } from '../../rpc/openrpc.ts';
import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function rpcHandlers({ daemon }: Services): HandlersOf<'rpc'> {
  let document: Record<string, unknown> | undefined;
  return {
    'rpc.discover': () => {
      document ??= openRpcDocument(daemon.version);
      return document;
    },
  };
}
