// Starting commands: from what prepare.ts has found right to committed rows.
import { join } from 'node:path';
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Writer } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { Sync } from '../store/transaction.ts';
import type { Snapshot } from './context.ts';
import type { Environment } from './environment.ts';
import { slug } from './paths.ts';
import { checkResources, type Prepared, prepare, type StartDeps, type StartExtras, type StartWish } from './prepare.ts';
import { initialRows } from './rows.ts';
import { sessionSubject } from './transitions.ts';

/**
 * Starts several at once. All are checked first; then all are committed with what `also` writes, or none is. What is wrong with one of
 * several names it.
 */
export async function startTogether<T>(
  deps: StartDeps,
  wishes: readonly StartWish[],
  actor: string,
  also: (w: Writer, sessions: readonly SessionRecord[]) => Sync<T>,
): Promise<T> {
  const staged: Staged[] = [];
  try {
    for (const wish of wishes) {
      staged.push(
        await stage(deps, wish).catch((error: unknown) => {
          throw wishes.length === 1 ? error : naming(error, wish, `${staged.length + 1} of ${wishes.length}`);
        }),
      );
    }
    return await deps.store.write((w) =>
      also(
        w,
        staged.map(({ insert }) => insert(w, actor)),
      ),
    );
  } catch (error) {
    for (const { id } of staged) await deps.envFiles.remove(id);
    throw error;
  }
}

function naming(error: unknown, { request }: StartWish, place: string): unknown {
  if (!isFailure(error)) return error;
  const { kind, message, details, retryable } = error;
  return new Failure(kind, `Member ${place} ("${request.command}"): ${message}`, {
    ...(details ? { details } : {}),
    retryable,
    cause: error,
  });
}

/** A start that is checked and has its environment file; the rows are what is missing. */
interface Staged {
  readonly id: string;
  insert(w: Writer, actor: string): SessionRecord;
}

async function stage(deps: StartDeps, { request, extras = {} }: StartWish): Promise<Staged> {
  const { ids, clock } = deps;
  const environment = Object.keys(request.environment).length > 0 ? request.environment : deps.ownEnvironment;
  checkEnvironmentSize(environment);
  const prepared = await prepare(deps, request, extras);
  await checkResources(deps, prepared);
  const { definition, kind, project, entry, prompt } = prepared;
  const config = await deps.configFor(project.path);
  const builtins = await deps.builtinsFor(project.path, definition);
  const id = ids.next('ses');
  const token = deps.auth.newSecret();
  await deps.envFiles.write(id, {
    ...{ environment, arguments: prepared.values, token },
    ...(prompt === undefined ? {} : { prompt }),
    ...(extras.own ? { promptIsPlain: true } : {}),
  });
  const snapshot: Snapshot = { definition, legacy: entry.legacy, pinned: config.pinned, ...(extras.own ? { own: true } : {}) };
  const insert = (w: Writer, actor: string): SessionRecord => {
    const name = freeSlug(entry.name, ids, (taken) => w.sessions.bySlug(taken) !== undefined);
    const session: SessionRecord = {
      ...{ id, slug: name, commandName: entry.name, kind, projectId: project.id, projectPath: project.path },
      artifactDir: join(deps.artifactsDir, slug(project.name), name),
      status: 'queued',
      role: 'plain',
      arguments: prepared.masked,
      definition: JSON.stringify(snapshot),
      definitionSha256: entry.sha256,
      createdAt: clock.now(),
      ...budgetOf(definition.timeoutSeconds ?? config.budgetSeconds),
      ...poolOf(prepared, extras),
      ...(extras.scheduleId === undefined ? {} : { scheduleId: extras.scheduleId }),
      ...(extras.groupId === undefined ? {} : { groupId: extras.groupId }),
    };
    w.sessions.insert(session);
    if (extras.goesOnIn !== undefined) w.sessions.setData(id, 'branch_name', extras.goesOnIn, clock.now());
    for (const row of initialRows({ sessionId: id, definition, kind, builtins, ids })) w.steps.insert(row);
    deps.auth.issueForSession(w, id, token);
    const data = { slug: name, commandName: entry.name, kind, status: session.status };
    w.events.append({ type: 'session.created', subject: sessionSubject(session), actor, data });
    return session;
  };
  return { id, insert };
}

function budgetOf(seconds: number): { budgetMs?: number } {
  return seconds > 0 ? { budgetMs: seconds * 1000 } : {};
}

/** Which pool a session counts in. A limit without a group is the command's own, in its project. */
function poolOf({ definition, project, entry }: Prepared, { group }: StartExtras) {
  const { concurrency } = definition;
  if (concurrency === undefined) return group === undefined ? {} : { concurrencyGroup: group, concurrencyLimit: 1 };
  return { concurrencyGroup: concurrency.group ?? `${project.name}/${entry.name}`, concurrencyLimit: concurrency.limit };
}

function checkEnvironmentSize(environment: Environment): void {
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  if (bytes <= limits.environmentBytes) return;
  throw new Failure(
    'LIMIT_EXCEEDED',
    `The environment has ${bytes} bytes, over the limit of ${limits.environmentBytes}; send less of it.`,
    {
      details: { limit: limits.environmentBytes, value: bytes },
    },
  );
}

/** `<command>-<four characters>`, not taken yet. */
function freeSlug(commandName: string, ids: Ids, isTaken: (slug: string) => boolean): string {
  for (let length = 4; ; length++) {
    const name = `${slug(commandName)}-${ids.random(length)}`;
    if (!isTaken(name)) return name;
  }
}
