// How agents and people name a work session in a message.
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Reader } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';

/** By id, by id or slug of its session, by its label in the plan, or by its name. Throws NOT_FOUND. */
export function resolveRecipient(r: Reader, ref: string, specTaskId: string): WorkSessionRecord {
  const all = r.workSessions.ofSpecTask(specTaskId);
  const labels = new Map(r.implTasks.ofSpecTask(specTaskId).map(({ id, label }) => [id, label]));
  const labelOf = ({ implTaskId }: WorkSessionRecord): string | undefined =>
    implTaskId === undefined ? undefined : labels.get(implTaskId);
  const byLabel = all.find((one) => labelOf(one) === ref);
  const named = all.filter(({ name }) => name === ref);
  const found = byAnyId(r, ref) ?? byLabel ?? (named.length === 1 ? named[0] : undefined);
  if (found?.specTaskId === specTaskId) return found;
  if (found) throw notFound(ref, 'it works on another spec task, and messages stay within one', []);
  const problem = named.length > 1 ? 'several have that name; use an id' : 'the spec task has none of that label, name or id';
  throw notFound(ref, problem, nearest(ref, [...labels.values(), ...all.map(({ name }) => name)]));
}

function byAnyId(r: Reader, ref: string): WorkSessionRecord | undefined {
  const sessionId = r.sessions.bySlug(ref)?.id ?? ref;
  return r.workSessions.get(ref) ?? r.workSessions.bySession(sessionId);
}

function notFound(ref: string, problem: string, suggestions: readonly string[]): Failure {
  return new Failure('NOT_FOUND', `"${ref}" can not be a work session: ${problem}.`, {
    details: { entity: 'work session', id: ref, ...(suggestions.length === 0 ? {} : { suggestions }) },
  });
}
