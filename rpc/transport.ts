import type { Socket } from 'node:net';
import type { ErrorKind } from '../schemas/errors.ts';
import type { SharedText } from './shared-text.ts';

/** What a transport tells its owner. Nothing is told after `close`. */
export interface TransportHandlers {
  /** One whole JSON text. */
  message(text: string): void;
  /** The framing is broken beyond repair: the owner answers one error with id null, then closes. */
  fault(kind: ErrorKind, message: string): void;
  /** Everything that waited has been taken by the system. */
  drain(): void;
  /** The other side says nothing more but may still read. A transport that can not tell this apart calls `close` at once. */
  ended?(): void;
  close(error?: Error): void;
}

export interface CloseReason {
  /** A WebSocket close code; other transports have no place for it. */
  readonly code?: number;
  readonly message?: string;
}

export interface DetachedSocket {
  readonly socket: Socket;
  /** Bytes that arrived after the last message. */
  readonly rest: Buffer;
}

/** Carries JSON texts both ways. It knows framing and bytes, and nothing of JSON-RPC. */
export interface Transport {
  /** Messages that came before are kept and delivered after this. */
  start(on: TransportHandlers): void;
  /** Sends one JSON text without line feeds. Texts of one tick leave in one write. */
  send(text: string): void;
  /** Sends one JSON text in three pieces, so that the long one in the middle need not be copied into it. */
  sendAround?(before: string, shared: SharedText, after: string): void;
  /** Bytes, or for text the characters, that the system has not taken yet. */
  readonly unsentBytes: number;
  /** False where a message that is no JSON means that the two sides no longer agree where messages begin. */
  readonly survivesBadJson: boolean;
  /** What was sent still leaves; no handler but `close` runs from now on. */
  close(reason?: CloseReason): void;
  /** Stops reading until `resume`, so that a client which takes no answers can not ask for more of them. */
  pause?(): void;
  resume?(): void;
  /** Takes the byte stream away, so that another protocol goes on with it: closed for its owner, while the socket lives. */
  detach?(): DetachedSocket;
}
