// YAML between `---` at the very beginning. A line of dashes can also be just a line, so it counts only where keys follow.
import { limits } from '../../../schemas/limits.ts';
import { isMap } from '../../commands/scalar.ts';
import { readYaml } from '../../commands/yaml-source.ts';
import { asWritten } from './as-written.ts';
import type { Diagnostics } from './diagnostics.ts';

export interface FrontMatter {
  /** Scalars as they are written. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** How many lines it takes, its marks included. */
  readonly lines: number;
}

const bounds = { sizeBytes: limits.planFrontMatterBytes, tokens: limits.planYamlTokens };

export function readFrontMatter(texts: readonly string[], diagnostics: Diagnostics): FrontMatter {
  const none = { meta: {}, lines: 0 };
  if (texts[0]?.trimEnd() !== '---') return none;
  const end = texts.findIndex((text, index) => index > 0 && /^(?:---|\.\.\.)\s*$/.test(text));
  const inside = end < 0 ? [] : texts.slice(1, end);
  const first = inside.find((text) => text.trim() !== '' && !text.startsWith('#'));
  if (first === undefined) return end > 0 && inside.every((text) => text.trim() === '') ? { meta: {}, lines: end + 1 } : none;
  if (!/^[\w"'][\w "'.-]{0,80}:(?:\s|$)/.test(first)) return none;
  const { value, problems } = readYaml(inside.join('\n'), undefined, bounds);
  for (const { line = 1, message } of problems.diagnostics) diagnostics.error('invalid_front_matter', line + 1, message);
  const isGood = problems.diagnostics.length === 0 && isMap(value);
  return { meta: isGood ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)])) : {}, lines: end + 1 };
}
