import { z } from 'zod';
import { limits } from './limits.ts';

/** An instant on the wire: ISO 8601, UTC, milliseconds. */
export const Time = z.string().meta({ format: 'date-time' });

/** An id is a prefix, an underscore and 26 sortable characters; a reference also takes the human slug or name. */
const idPattern = /^[a-z]{2,4}_[0-9a-z]{26}$/;
export const Id = z.string().regex(idPattern, 'is not an id, which is a prefix, "_" and 26 letters and digits');
export const Ref = z.string().min(1).max(limits.nameChars);

/** A parameter that takes an id and no name: what it is of, and the command that lists them. */
export function idOf(what: string, command: string) {
  return z.string().regex(idPattern, `is not the id of ${what}; "${command}" lists them`).describe(`Of ${what}.`);
}

export const AbsolutePath = z
  .string()
  .max(4096)
  .refine((text) => text.startsWith('/'), 'must be an absolute path')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL');

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const Commit = z.string().regex(/^[0-9a-f]{40,64}$/);

export const Environment = z.record(
  z
    .string()
    .min(1)
    .max(256)
    .refine((name) => !/[=\0]/.test(name), 'must not contain "=" or NUL'),
  z.string().refine((text) => !text.includes('\0'), 'must not contain a NUL'),
);

/** A program and its arguments. */
export const Argv = z.array(z.string().min(1)).min(1).max(100);

/** Page parameters of every list method, and what they come with. */
export const page = {
  limit: z.int().min(1).max(limits.pageRows).default(limits.pageRowsDefault).describe('Rows at most.'),
  cursor: z.string().min(1).max(256).optional().describe('nextCursor of the page before.'),
};
export const NextCursor = z.string().optional().describe('Absent on the last page.');

export const Ok = z.object({});

/** Where a file is wrong. Lines and columns count from 1. */
export const Diagnostic = z.object({
  level: z.enum(['error', 'warning']),
  message: z.string(),
  path: z.string().optional().describe('The file.'),
  line: z.int().optional(),
  column: z.int().optional(),
  key: z.string().optional().describe('The key path inside the file.'),
  expected: z.string().optional().describe('What the value should be.'),
  got: z.string().optional().describe('What it is.'),
});
export type Diagnostic = z.infer<typeof Diagnostic>;
