import { z } from 'zod';
import { defineMethod } from './define.ts';
import { AbsolutePath, Sha256, Time } from './primitives.ts';

const bytes = (what: string) => z.int().min(0).describe(what);
const Tally = z.object({ sessions: z.int(), sizeBytes: z.int() });

export const databaseMethods = {
  'daemon.dbStatus': defineMethod({
    summary: 'Tells how large the database is, how much of it is free, what it holds and which backups there are.',
    access: 'read',
    effect: 'read',
    params: {},
    result: z.object({
      path: z.string(),
      version: z.int().describe('Of its tables: the number of the last migration.'),
      sizeBytes: bytes('Of the pages in use and free.'),
      freeBytes: bytes('Of free pages, which are used again or given back.'),
      walBytes: bytes('Waiting beside it for the next checkpoint.'),
      rows: z.object({ sessions: z.int(), events: z.int() }),
      keptHouseAt: Time.optional().describe('When housekeeping was last done.'),
      backups: z
        .array(z.object({ path: z.string(), sizeBytes: z.int(), createdAt: Time }))
        .describe('In the backup directory, newest first, 20 at most.'),
    }),
  }),
  'daemon.dbVacuum': defineMethod({
    summary: 'Does now what housekeeping does every hour, and gives all free pages back; a dry run only tells.',
    access: 'admin',
    effect: 'mutation',
    params: { dryRun: z.boolean().default(false) },
    result: z.object({
      dryRun: z.boolean(),
      removed: z.object({ events: z.int(), receipts: z.int(), removedWorktrees: z.int() }).describe('Rows that were too old or too many.'),
      archived: Tally.describe('Sessions whose artifacts were packed and are now that archive alone.'),
      purged: Tally.describe('Sessions whose archive was deleted.'),
      freedBytes: bytes('Given back to the file system.'),
      problems: z.array(z.string()).describe('What failed; the rest was done, and the next round tries again.'),
    }),
  }),
  'daemon.dbBackup': defineMethod({
    summary: 'Writes a whole, checked copy of the database to a file, while everything goes on.',
    access: 'admin',
    effect: 'mutation',
    params: { path: AbsolutePath.optional().describe('A file that does not exist; default: a new one in the backup directory.') },
    result: z.object({ path: z.string(), sizeBytes: z.int(), sha256: Sha256 }),
    errors: ['ALREADY_EXISTS', 'NOT_FOUND', 'TOOL_FAILED', 'DEADLINE_EXCEEDED', 'DB_CORRUPT'],
  }),
  'daemon.dbCheck': defineMethod({
    summary: 'Looks through the whole database for damage and for references that lead nowhere, while everything goes on.',
    access: 'operate',
    effect: 'read',
    params: {},
    result: z.object({
      ok: z.boolean(),
      problems: z.array(z.object({ kind: z.enum(['integrity', 'reference']), message: z.string() })).describe('100 at most.'),
      tookMs: z.int(),
    }),
    errors: ['TOOL_FAILED', 'DEADLINE_EXCEEDED'],
  }),
};
