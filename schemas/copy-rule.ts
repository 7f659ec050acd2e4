import { z } from 'zod';

export const copyModes = ['copy', 'symlink'] as const;

/** Written like a line of .gitignore, without "!"; it cannot lead out of the checkout. */
export const CopyPattern = z
  .string()
  .min(1)
  .max(1_024)
  .refine((text) => !/[\0\n\r]/.test(text), 'must be one line')
  .refine((text) => !/^[!#]/.test(text) && text.trim() !== '' && !/^\/+$/.test(text), 'must be a pattern as in .gitignore that names files')
  .refine((text) => !text.split('/').includes('..'), 'must not lead out of the project by ".."');

export const CopyRule = z.strictObject({
  pattern: CopyPattern,
  mode: z.enum(copyModes).default('copy'),
  required: z.boolean().default(false),
});
export type CopyRule = z.output<typeof CopyRule>;
