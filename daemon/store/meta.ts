import type { Db } from './database.ts';

/** Single facts about the database itself. */
export type MetaKey = 'epoch' | 'machine_boot_id' | 'clean_stop' | 'schedules_seen_at' | 'kept_house_at';

export interface MetaReader {
  get(key: MetaKey): string | undefined;
}

export interface MetaWriter extends MetaReader {
  set(key: MetaKey, value: string): void;
}

export function createMetaReader(db: Db): MetaReader {
  const get = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  return { get: (key) => get.get(key) as string | undefined };
}

export function createMetaWriter(db: Db): MetaWriter {
  const set = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  return { ...createMetaReader(db), set: (key, value) => void set.run(key, value) };
}
