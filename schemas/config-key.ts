// How one key of the configuration is declared.
import type { z } from 'zod';

/**
 * How a changed key takes effect: `live` at once, `pinned` for sessions that start after it, `restart` with the next daemon.
 */
export type ReloadClass = 'live' | 'pinned' | 'restart';

export interface KeyMeta {
  readonly reload: ReloadClass;
  /** May a project's own file set it? */
  readonly projectSafe?: boolean;
  /** Its value is shown to nobody. */
  readonly secret?: boolean;
}

/** A key: its value, one sentence for people, and how a change takes effect. What has no such mark is a table of keys. */
export const key = <S extends z.ZodType>(schema: S, description: string, meta: KeyMeta): S => schema.meta({ description, ...meta });
