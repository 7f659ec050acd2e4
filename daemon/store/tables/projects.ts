import type { Db } from '../database.ts';
import { boundLimit } from './rows.ts';

export interface ProjectRecord {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly gitDir: string;
  readonly createdAt: number;
}

export interface ProjectReader {
  get(id: string): ProjectRecord | undefined;
  byName(name: string): ProjectRecord | undefined;
  byGitDir(gitDir: string): ProjectRecord | undefined;
  /** By name, after the name `cursor`. */
  list(cursor: string, limit: number): ProjectRecord[];
  names(): string[];
  count(): number;
}

export interface ProjectWriter extends ProjectReader {
  insert(project: ProjectRecord): void;
  remove(id: string): void;
}

const columns = 'id, name, path, git_dir AS gitDir, created_at AS createdAt';

export function createProjectReader(db: Db): ProjectReader {
  const get = db.prepare<[string], ProjectRecord>(`SELECT ${columns} FROM projects WHERE id = ?`);
  const byName = db.prepare<[string], ProjectRecord>(`SELECT ${columns} FROM projects WHERE name = ?`);
  const byGitDir = db.prepare<[string], ProjectRecord>(`SELECT ${columns} FROM projects WHERE git_dir = ?`);
  const list = db.prepare<[string, number], ProjectRecord>(
    `SELECT ${columns} FROM projects WHERE name > ? ORDER BY name LIMIT ${boundLimit}`,
  );
  const names = db.prepare<[], string>('SELECT name FROM projects ORDER BY name LIMIT 1000').pluck();
  const count = db.prepare<[], number>('SELECT count(*) FROM projects').pluck();
  return {
    get: (id) => get.get(id),
    byName: (name) => byName.get(name),
    byGitDir: (gitDir) => byGitDir.get(gitDir),
    list: (cursor, limit) => list.all(cursor, limit),
    names: () => names.all() as string[],
    count: () => count.get() as number,
  };
}

export function createProjectWriter(db: Db): ProjectWriter {
  const insert = db.prepare('INSERT INTO projects (id, name, path, git_dir, created_at) VALUES (@id, @name, @path, @gitDir, @createdAt)');
  // Sessions and worktrees that have ended go with their project; live ones are refused before.
  const sessions = db.prepare('DELETE FROM sessions WHERE project_id = ?');
  const worktrees = db.prepare('DELETE FROM worktrees WHERE project_id = ?');
  const remove = db.prepare('DELETE FROM projects WHERE id = ?');
  return {
    ...createProjectReader(db),
    insert: (project) => void insert.run(project),
    remove(id) {
      sessions.run(id);
      worktrees.run(id);
      remove.run(id);
    },
  };
}
