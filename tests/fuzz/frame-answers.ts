// What JSON-RPC 2.0 wants to be answered, told from the bytes alone.
import { isUtf8 } from 'node:buffer';
import { errorTable } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Framing } from './frame-stream.ts';

type Code = number | 'result';

export interface Answer {
  readonly id: unknown;
  readonly codes: readonly Code[];
}

export interface Wanted {
  /** One answer, or those of a batch. */
  readonly answers: readonly (Answer | readonly Answer[])[];
  /** The daemon ends the connection. */
  readonly ends: boolean;
}

const { PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL, CANCELLED, LIMIT_EXCEEDED } = errorTable;
/** Whatever a method may say; never that it broke. */
const anyAnswer: readonly Code[] = [
  'result',
  ...Object.values(errorTable).flatMap(({ code }) =>
    typeof code === 'number' && ![INTERNAL.code, METHOD_NOT_FOUND.code, PARSE_ERROR.code].includes(code as never) ? [code] : [],
  ),
];
/** Methods that the stream asks for besides daemon.ping. */
export const knownMethods = [
  'daemon.hello',
  'daemon.status',
  'session.list',
  'session.get',
  'event.list',
  'config.get',
  'config.validate',
  'worktree.diff',
];

const parseError: Answer = { id: null, codes: [PARSE_ERROR.code] };

export function wantedOf(bodies: readonly Buffer[], framing: Framing): Wanted {
  const answers: Wanted['answers'][number][] = [];
  for (const [index, body] of bodies.entries()) {
    if (framing === 'newline') {
      if (index === 0 && !['{', '['].includes(String.fromCharCode(body[0] ?? 10))) return { answers: [parseError], ends: true };
      if (body.length === 0 || (body.length === 1 && body[0] === 13)) continue;
    }
    const parsed = parsedJson(body);
    if (parsed === undefined) answers.push(parseError);
    // Where the next message begins is only known in the other framing, and only if the bytes are text.
    if (parsed === undefined && (framing === 'newline' || !isUtf8(body))) return { answers, ends: true };
    if (parsed !== undefined) answers.push(...answersTo(parsed.value));
  }
  return { answers, ends: false };
}

function parsedJson(bytes: Buffer): { readonly value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return { value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return undefined;
  }
}

function answersTo(value: unknown): Wanted['answers'] {
  if (!Array.isArray(value)) return answerTo(value);
  if (value.length === 0) return [{ id: null, codes: [INVALID_REQUEST.code] }];
  if (value.length > limits.batchRequests) return [{ id: null, codes: [LIMIT_EXCEEDED.code] }];
  const answers = value.flatMap(answerTo);
  return answers.length === 0 ? [] : [answers];
}

function answerTo(value: unknown): Answer[] {
  const invalid = (id: unknown): Answer[] => [{ id, codes: [INVALID_REQUEST.code] }];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid(null);
  const { jsonrpc, method, params, id, result, error } = value as Record<string, unknown>;
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (!has('method') && (has('result') || has('error'))) return [];
  if (has('id') && !isId(id)) return invalid(null);
  const answerId = has('id') ? id : null;
  if (jsonrpc !== '2.0' || typeof method !== 'string' || result !== undefined || error !== undefined) return invalid(answerId);
  if (has('params') && typeof params !== 'object') return invalid(answerId);
  if (!has('id')) return [];
  // The same id twice at once is refused, and whether it was at once is chance; so is whether a cancel came in time.
  const chance: readonly Code[] = [INVALID_REQUEST.code, CANCELLED.code, LIMIT_EXCEEDED.code];
  if (Array.isArray(params)) return [{ id, codes: [INVALID_PARAMS.code] }];
  if (method === 'daemon.ping')
    return [{ id, codes: [params && Object.keys(params).length > 0 ? INVALID_PARAMS.code : 'result', ...chance] }];
  return [{ id, codes: knownMethods.includes(method) ? anyAnswer : [METHOD_NOT_FOUND.code, ...chance] }];
}

function isId(id: unknown): boolean {
  if (typeof id === 'number') return Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id));
  return typeof id === 'string' || id === null;
}

/** What is wrong with the answers that came, or undefined. */
export function wrongIn({ answers, ends }: Wanted, came: readonly unknown[]): string | undefined {
  const taken = new Map<number, number>();
  // Each answer finds a call of its own, and makes another one look further when that has taken its only one.
  const finds = (one: number, seen: Set<number>): boolean =>
    answers.some((wanted, at) => {
      if (seen.has(at) || !fits(wanted, came[one])) return false;
      seen.add(at);
      const other = taken.get(at);
      if (other !== undefined && !finds(other, seen)) return false;
      taken.set(at, one);
      return true;
    });
  const stray = came.findIndex((_, one) => !finds(one, new Set()));
  if (stray !== -1) return `nobody asked for ${JSON.stringify(came[stray])}`;
  // Calls that were in flight when the connection ended may go without an answer; the reason of its end never does.
  const needed = ends
    ? answers.slice(-1).filter((reason) => !came.some((one) => fits(reason, one)))
    : answers.filter((_, at) => !taken.has(at));
  return needed.length === 0 ? undefined : `nothing answers ${JSON.stringify(needed)} among ${JSON.stringify(came)}`;
}

function fits(answer: Wanted['answers'][number], came: unknown): boolean {
  if (!('codes' in answer)) return Array.isArray(came) && wrongIn({ answers: answer, ends: false }, came) === undefined;
  if (typeof came !== 'object' || came === null) return false;
  const { jsonrpc, id, error } = came as { jsonrpc?: unknown; id?: unknown; error?: { code?: unknown; message?: unknown; data?: unknown } };
  if (jsonrpc !== '2.0' || !Object.hasOwn(came, 'id') || Object.hasOwn(came, 'result') === Object.hasOwn(came, 'error')) return false;
  // JSON has no -0, and a half of a character comes back as it went.
  if (JSON.stringify(id) !== JSON.stringify(answer.id)) return false;
  if (error === undefined) return answer.codes.includes('result');
  return typeof error.message === 'string' && isData(error.data) && answer.codes.includes(error.code as number);
}

function isData(data: unknown): boolean {
  return typeof data === 'object' && data !== null && typeof (data as { kind?: unknown }).kind === 'string';
}
