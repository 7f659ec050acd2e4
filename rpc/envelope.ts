// The strict shape of JSON-RPC 2.0 messages, checked before any library sees them.
import { Failure, type WireError } from '../schemas/errors.ts';
import { JsonText } from './json-text.ts';

export type MessageId = string | number | null;

export interface RequestMessage {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: unknown;
  readonly id?: MessageId;
}

export interface ResponseMessage {
  readonly jsonrpc: '2.0';
  readonly id: MessageId;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A message that has to be answered with an error. */
export class Refusal {
  readonly id: MessageId;
  readonly failure: Failure;

  constructor(id: MessageId, failure: Failure) {
    this.id = id;
    this.failure = failure;
  }
}

/**
 * Sorts one message of the wire; batches are the caller's. What looks like an answer is never refused, because an error in answer to an
 * answer could go back and forth for ever.
 */
export function sortMessage(value: unknown): 'request' | 'notification' | 'response' | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(null, 'A message must be an object');
  const message = value as Record<string, unknown>;
  if (message.method === undefined && (message.result !== undefined || message.error !== undefined)) return 'response';
  const { id } = message;
  const hasId = id !== undefined;
  if (hasId && !isMessageId(id)) return refuse(null, '"id" must be a string, a whole number that JSON keeps exactly, or null');
  const answerId = hasId ? id : null;
  if (message.jsonrpc !== '2.0') return refuse(answerId, '"jsonrpc" must be "2.0"');
  if (typeof message.method !== 'string') return refuse(answerId, '"method" must be a string');
  if (message.result !== undefined || message.error !== undefined) return refuse(answerId, 'A request has neither "result" nor "error"');
  const { params } = message;
  if (params !== undefined && typeof params !== 'object') return refuse(answerId, '"params" must be an object');
  if (!hasId) return 'notification';
  if (Array.isArray(params)) return new Refusal(id, new Failure('INVALID_PARAMS', 'Parameters are passed by name, as an object.'));
  return 'request';
}

/** True for an answer that says either a result or an error, and not both. */
export function isWholeResponse(message: ResponseMessage): boolean {
  return message.jsonrpc === '2.0' && (message.result !== undefined) !== (message.error !== undefined);
}

export function resultText(id: MessageId, result: unknown): string {
  const text = result instanceof JsonText ? result.text : (JSON.stringify(result) ?? 'null');
  return `{"jsonrpc":"2.0","id":${idText(id)},"result":${text}}`;
}

export function errorText(id: MessageId, error: WireError): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"error":${JSON.stringify(error)}}`;
}

export function notificationText(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

/** Numbers that JSON would hand back changed are refused: their answer would match no call. */
function isMessageId(id: unknown): id is MessageId {
  if (typeof id === 'number') return Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id));
  return typeof id === 'string' || id === null;
}

function idText(id: MessageId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}

function refuse(id: MessageId, rule: string): Refusal {
  return new Refusal(id, new Failure('INVALID_REQUEST', `${rule}, as JSON-RPC 2.0 says.`));
}
