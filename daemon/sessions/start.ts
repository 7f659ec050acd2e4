// Starting commands: from what prepare.ts has found right to committed rows.
import { join } from 'node:path';
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { shownArguments } from '../commands/arguments.ts';
import { credentialsOf } from '../commands/definition.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Writer } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { Sync } from '../store/transaction.ts';
import { ownBuiltinNames } from './builtins/index.ts';
import type { Snapshot } from './context.ts';
import type { SessionSecrets } from './env-file.ts';
import type { Environment } from './environment.ts';
import { slug } from './paths.ts';
import { checkResources, type Prepared, prepare, type StartDeps, type StartExtras, type StartWish } from './prepare.ts';
import { initialRows } from './rows.ts';
import { questionsOfStart } from './start-policy.ts';
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
  const checked: Checked[] = [];
  for (const wish of wishes) {
    checked.push(
      await check(deps, wish, actor).catch((error: unknown) => {
        throw wishes.length === 1 ? error : naming(error, wish, `${checked.length + 1} of ${wishes.length}`);
      }),
    );
  }
  // Ids are places in the queue: no other start takes one between an id and its row.
  return deps.queue.run('session start', () => enqueue(deps, checked, actor, also));
}

async function enqueue<T>(
  deps: StartDeps,
  checked: readonly Checked[],
  actor: string,
  also: (w: Writer, sessions: readonly SessionRecord[]) => Sync<T>,
): Promise<T> {
  const staged: Staged[] = checked.map((one) => ({ ...one, id: deps.ids.next('ses') }));
  try {
    for (const { id, secrets } of staged) await deps.envFiles.write(id, secrets);
    const started = await deps.store.write<T | Failure>((w) => {
      const denied = enforceRoom(deps, w, staged, actor);
      // A decision is kept, so this is no throw.
      if (denied) return denied;
      return also(
        w,
        staged.map((one) => insertSession(deps, w, one, actor)),
      );
    });
    if (started instanceof Failure) throw started;
    return started;
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

/** A start that may go on. */
interface Checked {
  readonly prepared: Prepared;
  readonly extras: StartExtras;
  readonly secrets: SessionSecrets;
  readonly builtins: Awaited<ReturnType<StartDeps['builtinsFor']>>;
  readonly config: Awaited<ReturnType<StartDeps['configFor']>>;
}

interface Staged extends Checked {
  readonly id: string;
}

async function check(deps: StartDeps, { request, extras = {} }: StartWish, actor: string): Promise<Checked> {
  const given = Object.keys(request.environment).length > 0 ? request.environment : deps.ownEnvironment;
  checkEnvironmentSize(given);
  const prepared = await prepare(deps, request, extras);
  const { definition, project } = prepared;
  const secrets = { ...secretsOf(deps, prepared, given), ...(extras.own ? { promptIsPlain: true } : {}) };
  const builtins = [...(await deps.builtinsFor(project.path, definition)), ...(extras.own ? ownBuiltinNames : [])];
  const facts = { files: deps.files, agents: deps.agents, project, definition, environment: secrets.environment, builtins };
  await deps.policy.enforce(await questionsOfStart(deps.policy, facts), { actor, projectId: project.id });
  await checkResources(deps, prepared);
  return { prepared, extras, secrets, builtins, config: await deps.configFor(project.path) };
}

function insertSession(
  deps: StartDeps,
  w: Writer,
  { id, prepared, extras, secrets, builtins, config }: Staged,
  actor: string,
): SessionRecord {
  const { ids, clock } = deps;
  const { definition, kind, project, entry } = prepared;
  const name = freeSlug(entry.name, ids, (taken) => w.sessions.bySlug(taken) !== undefined);
  // Values are known by now, so what is kept needs none that is secret.
  const shown = { ...definition, arguments: shownArguments(definition.arguments) };
  const snapshot: Snapshot = { definition: shown, legacy: entry.legacy, pinned: config.pinned, ...(extras.own ? { own: true } : {}) };
  const session: SessionRecord = {
    ...{ id, slug: name, commandName: entry.name, kind, projectId: project.id, projectPath: project.path },
    artifactDir: join(deps.artifactsDir, slug(project.name), name),
    status: 'queued',
    role: 'plain',
    arguments: prepared.masked,
    definition: JSON.stringify(snapshot),
    definitionSha256: entry.sha256,
    createdAt: clock.now(),
    ...budgetOf(deps.policy.boundSeconds(definition.timeoutSeconds ?? config.budgetSeconds)),
    ...poolOf(prepared, extras),
    ...(extras.scheduleId === undefined ? {} : { scheduleId: extras.scheduleId }),
    ...(extras.groupId === undefined ? {} : { groupId: extras.groupId }),
    ...extras.links,
  };
  w.sessions.insert(session);
  if (extras.goesOnIn !== undefined) w.sessions.setData(id, 'branch_name', extras.goesOnIn, clock.now());
  for (const row of initialRows({ sessionId: id, definition, kind, builtins, ids })) w.steps.insert(row);
  deps.auth.issueForSession(w, id, secrets.token);
  const data = { slug: name, commandName: entry.name, kind, status: session.status };
  w.events.append({ type: 'session.created', subject: sessionSubject(session), actor, data });
  return session;
}

/** What the session keeps in its file: of the client's environment what may be passed on, and of credentials what its steps name. */
function secretsOf(
  { credentials, policy, auth, userName }: StartDeps,
  { definition, values, prompt }: Prepared,
  given: Environment,
): SessionSecrets {
  const names = credentialsOf(definition);
  const taken = credentials.take(given, names);
  for (const name of names) credentials.check(name, taken.values);
  return {
    ...{ environment: policy.narrow(taken.environment), credentials: taken.values, arguments: values, token: auth.newSecret() },
    user: given.USER || given.LOGNAME || userName,
    ...(prompt === undefined ? {} : { prompt }),
  };
}

/** How many sessions there may be is looked at where they are written, so that two starts at once do not both find room. */
function enforceRoom({ policy }: StartDeps, w: Writer, staged: readonly Staged[], actor: string): Failure | undefined {
  const projectId = staged[0]?.prepared.project.id;
  if (projectId === undefined) return undefined;
  const unfinished = w.sessions.queue().length + staged.length - 1;
  return policy.enforceInside(w, { about: 'sessions', unfinished }, { actor, projectId });
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
