import { expect, test } from 'vitest';
import { type Classification, classify, isBusy } from '../../../daemon/kernel/classify.ts';
import { Failure } from '../../../schemas/errors.ts';

const now = Date.UTC(2030, 0, 1);
const withCode = (code: string, more: object = {}): Error => Object.assign(new Error('x'), { code, ...more });
const withStatus = (status: number, more: object = {}): Error => Object.assign(new Error('x'), { status, ...more });
const caused = (cause: unknown, more: object = {}): Error => Object.assign(new Error('x', { cause }), more);
const failure = (...args: ConstructorParameters<typeof Failure>): Failure => new Failure(...args);

test.each<[string, unknown, Classification['kind']]>([
  ['a timeout of the network', withCode('ETIMEDOUT'), 'transient'],
  ['a timeout of fetch', withCode('UND_ERR_HEADERS_TIMEOUT'), 'transient'],
  ['an AbortSignal.timeout', new DOMException('late', 'TimeoutError'), 'transient'],
  ['a refused connection', withCode('ECONNREFUSED'), 'transient'],
  ['a reset connection', withCode('ECONNRESET'), 'transient'],
  ['an aborted connection', withCode('ECONNABORTED'), 'transient'],
  ['a closed pipe', withCode('EPIPE'), 'transient'],
  ['a name server that does not answer', withCode('EAI_AGAIN'), 'transient'],
  ['a name that is not found', withCode('ENOTFOUND'), 'transient'],
  ['too many requests', withStatus(429), 'transient'],
  ['a request timeout', withStatus(408), 'transient'],
  ['a bad gateway', withStatus(502), 'transient'],
  ['an overloaded server', Object.assign(new Error('x'), { statusCode: 503 }), 'transient'],
  ['any other fault of a server', withStatus(599), 'transient'],
  ['a locked database', withCode('SQLITE_BUSY'), 'transient'],
  ['one that is being recovered', withCode('SQLITE_BUSY_RECOVERY'), 'transient'],
  ['one with a stale snapshot', withCode('SQLITE_BUSY_SNAPSHOT'), 'transient'],
  ['a locked table', withCode('SQLITE_LOCKED_SHAREDCACHE'), 'transient'],
  ['an interrupted call', withCode('EINTR'), 'transient'],
  ['no process left to fork', withCode('EAGAIN'), 'transient'],
  ['a lock file of somebody else', withCode('EEXIST', { path: '/r/.git/index.lock' }), 'transient'],
  ['a fetch that failed below', caused(withCode('ECONNRESET')), 'transient'],
  ['the same three levels down', caused(caused(caused(withCode('ETIMEDOUT')))), 'transient'],
  ['STORE_BUSY', failure('STORE_BUSY', 'x'), 'transient'],
  ['UNAVAILABLE', failure('UNAVAILABLE', 'x'), 'transient'],
  ['DEADLINE_EXCEEDED', failure('DEADLINE_EXCEEDED', 'x'), 'transient'],
  ["git's lock, as its reader tells it", failure('TOOL_FAILED', 'x', { retryable: true }), 'transient'],
  ['a server that the next call starts', failure('UNAVAILABLE', 'x', { details: { reason: 'no_server' } }), 'once'],
  ['UNAVAILABLE that may have been done', failure('UNAVAILABLE', 'x', { retryable: false }), 'permanent'],
  ['a program that failed', failure('TOOL_FAILED', 'x', { cause: withCode('ECONNRESET') }), 'permanent'],
  ['a wrong parameter', failure('INVALID_PARAMS', 'x'), 'permanent'],
  ['nobody by that name', failure('NOT_FOUND', 'x'), 'permanent'],
  ['no right to it', failure('FORBIDDEN', 'x'), 'permanent'],
  ['no login', failure('UNAUTHENTICATED', 'x'), 'permanent'],
  ['a bound', failure('LIMIT_EXCEEDED', 'x'), 'permanent'],
  ['a daemon that stops', failure('SHUTTING_DOWN', 'x'), 'permanent'],
  ['a bug', failure('INTERNAL', 'x'), 'permanent'],
  ['no login at the other side', withStatus(401), 'permanent'],
  ['nothing at the other side', withStatus(404), 'permanent'],
  ['a redirect', withStatus(301), 'permanent'],
  ['a full disk', withCode('ENOSPC'), 'permanent'],
  ['no permission', withCode('EACCES'), 'permanent'],
  ['no such file', withCode('ENOENT'), 'permanent'],
  ['a file that exists', withCode('EEXIST', { path: '/r/a' }), 'permanent'],
  ['a full database', withCode('SQLITE_FULL'), 'permanent'],
  ['a broken constraint', withCode('SQLITE_CONSTRAINT_UNIQUE'), 'permanent'],
  ['a damaged database', withCode('SQLITE_CORRUPT'), 'permanent'],
  ['a code nobody knows, whatever caused it', caused(withCode('ECONNRESET'), { code: 'E_OTHER' }), 'permanent'],
  ['causes without an end', Object.assign(new Error('x'), { cause: caused(caused(caused(caused(withCode('EAGAIN'))))) }), 'permanent'],
  ['what says busy only in words', new Error('SQLITE_BUSY: database is locked, ETIMEDOUT, try again, 503'), 'permanent'],
  ['what says so only in its name', Object.assign(new Error('x'), { name: 'ECONNRESET' }), 'permanent'],
  ['a bare error', new Error('x'), 'permanent'],
  ['a text', 'SQLITE_BUSY', 'permanent'],
  ['nothing', undefined, 'permanent'],
  ['a null', null, 'permanent'],
  ['an abort', new DOMException('x', 'AbortError'), 'cancelled'],
  ["Node's abort", withCode('ABORT_ERR'), 'cancelled'],
  ['CANCELLED', failure('CANCELLED', 'x', { retryable: true }), 'cancelled'],
])('%s', (_, error, kind) => {
  expect(classify(error, now).kind).toBe(kind);
});

test.each<[string, object, number | undefined]>([
  ['milliseconds', { retryAfterMs: 1500 }, 1500],
  ['milliseconds in the details', { details: { retryAfterMs: 20 } }, 20],
  ['seconds in a header', { headers: { 'retry-after': '3' } }, 3000],
  ['a date in a header', { response: { headers: new Headers({ 'Retry-After': new Date(now + 9000).toUTCString() }) } }, 9000],
  ['a date that is past', { headers: { 'retry-after': new Date(now - 9000).toUTCString() } }, -9000],
  ['no time at all', { headers: { 'retry-after': 'soon' } }, undefined],
  ['no number', { retryAfterMs: Number.NaN }, undefined],
  ['nothing', {}, undefined],
])('how long to wait is told by %s', (_, more, afterMs) => {
  expect(classify(withStatus(503, more), now)).toEqual(afterMs === undefined ? { kind: 'transient' } : { kind: 'transient', afterMs });
});

test('a hint makes nothing worth trying again', () => {
  expect(classify(withStatus(404, { retryAfterMs: 10 }), now)).toEqual({ kind: 'permanent' });
});

test('busy is what SQLite says by its code alone', () => {
  expect(isBusy(withCode('SQLITE_BUSY_TIMEOUT'))).toBe(true);
  expect(isBusy(withCode('SQLITE_IOERR_LOCK'))).toBe(false);
  expect(isBusy(new Error('SQLITE_BUSY: database is locked'))).toBe(false);
  expect(isBusy('SQLITE_BUSY')).toBe(false);
});
