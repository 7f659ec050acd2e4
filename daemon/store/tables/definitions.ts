import type { Db } from '../database.ts';

/** The texts that sessions began with: one row for all that began with the same. */
export interface Definitions {
  /** The id of a text, which is added when it is new. */
  idOf(fileSha256: string, body: string): number;
  /** Removes a text that no session has any more. */
  removeUnused(id: number): void;
}

export function createDefinitions(db: Db): Definitions {
  const find = db.prepare<[string, string], number>('SELECT id FROM definitions WHERE file_sha256 = ? AND body = ?').pluck();
  const insert = db.prepare<[string, string], number>('INSERT INTO definitions (file_sha256, body) VALUES (?, ?) RETURNING id').pluck();
  const remove = db.prepare('DELETE FROM definitions WHERE id = @id AND NOT EXISTS (SELECT 1 FROM sessions WHERE definition_id = @id)');
  return {
    idOf: (fileSha256, body) => (find.get(fileSha256, body) ?? insert.get(fileSha256, body)) as number,
    removeUnused: (id) => void remove.run({ id }),
  };
}
