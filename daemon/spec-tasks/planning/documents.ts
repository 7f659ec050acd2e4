// What a planner wrote: three files in its worktree, or artifacts of a command.
import { basename, join } from 'node:path';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { documents as documentNames } from '../../../schemas/task-words.ts';
import type { Log } from '../../kernel/log.ts';
import type { Store } from '../../store/store.ts';
import type { SessionRecord } from '../../store/tables/sessions.ts';
import type { FileReader } from '../../tools/files.ts';
import type { Git } from '../../tools/git/git.ts';
import type { Documents } from '../revisions.ts';
import { documentFolder } from './prompts.ts';

export interface DocumentDeps {
  readonly store: Store;
  readonly files: Pick<FileReader, 'readFile' | 'stat'>;
  readonly git: Pick<Git, 'head' | 'status' | 'commitWork'>;
  readonly log: Log;
}

export interface Written extends Documents {
  /** Of the worktree, when all that is in it is committed. */
  readonly commit?: string;
}

/** undefined: there is no plan. Throws PRECONDITION {reason: too_large}. */
export async function writtenDocuments(deps: DocumentDeps, session: SessionRecord): Promise<Written | undefined> {
  const worktreePath = worktreeOf(deps.store, session);
  const placesOf = (name: string): string[] => [
    ...artifactsNamed(deps.store, session, `${name}.md`),
    ...(worktreePath === undefined ? [] : [join(worktreePath, documentFolder, `${name}.md`)]),
  ];
  const texts: string[] = [];
  for (const name of documentNames) texts.push((await firstText(deps.files, placesOf(name))) ?? '');
  const [requirements = '', design = '', plan = ''] = texts;
  if (plan.trim() === '') return undefined;
  const commit = worktreePath === undefined ? undefined : await committed(deps, worktreePath);
  return { requirements, design, plan, ...(commit === undefined ? {} : { commit }) };
}

function worktreeOf(store: Store, { worktreeId }: SessionRecord): string | undefined {
  const worktree = worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(worktreeId));
  return worktree?.status === 'present' ? worktree.path : undefined;
}

function artifactsNamed(store: Store, { id, artifactDir }: SessionRecord, name: string): string[] {
  const rows = store.read((r) => r.artifacts.list(id, undefined, '', limits.pageRows));
  return rows.filter(({ path }) => basename(path) === name).map(({ path }) => join(artifactDir, path));
}

async function firstText(files: DocumentDeps['files'], paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await files.stat(path);
    if (found?.kind !== 'file') continue;
    if (found.sizeBytes > limits.planBytes) {
      throw new Failure('PRECONDITION', `"${basename(path)}" has ${found.sizeBytes} bytes; the limit is ${limits.planBytes}.`, {
        details: { reason: 'too_large', sizeBytes: found.sizeBytes },
      });
    }
    const bytes = await files.readFile(path);
    if (bytes !== undefined) return Buffer.from(bytes).toString('utf8');
  }
  return undefined;
}

/** What the planner left uncommitted is committed for it. A commit that does not work, say for a hook, is no reason to refuse the plan. */
async function committed({ git, log }: DocumentDeps, worktreePath: string): Promise<string | undefined> {
  try {
    const { clean } = await git.status(worktreePath);
    if (!clean) return (await git.commitWork({ worktreePath, message: 'Write requirements, design and plan', all: true })).commit;
    return (await git.head(worktreePath)).commit;
  } catch (error) {
    if (!isFailure(error)) throw error;
    log.warn({ err: error, worktreePath }, 'the plan is submitted without a commit');
    return undefined;
  }
}
