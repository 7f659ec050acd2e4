import type { z } from 'zod';

/**
 * How a changed key takes effect: `live` at once, `pinned` for sessions that start after it, `restart` with the next daemon.
 */
export type ReloadClass = 'live' | 'pinned' | 'restart';

interface KeyMeta {
  reload: ReloadClass;
  /** May a project's own file set it? */
  projectSafe?: boolean;
  secret?: boolean;
}

/** A key of the configuration: its schema, one sentence, and how a change takes effect. */
export const key = <S extends z.ZodType>(schema: S, description: string, meta: KeyMeta): S => schema.meta({ description, ...meta });
