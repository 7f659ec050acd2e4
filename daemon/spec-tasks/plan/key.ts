import { createHash } from 'node:crypto';

const keyChars = 48;
const hashChars = 8;

/** Names a task through revisions of its plan. A title without a plain letter or digit is named by its hash. */
export function keyOf(title: string): string {
  return (
    dashed(title).slice(0, keyChars).replace(/-$/, '') || `task-${createHash('sha256').update(title).digest('hex').slice(0, hashChars)}`
  );
}

/** In lower case, other characters as single dashes, none at the ends. */
function dashed(text: string): string {
  const dashes = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return dashes.slice(dashes.startsWith('-') ? 1 : 0, dashes.endsWith('-') ? -1 : undefined);
}
