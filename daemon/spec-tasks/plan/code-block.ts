import { type Line, withoutIndent } from './lines.ts';

interface CodeBlock {
  /** Index of its last line. */
  readonly last: number;
  /** As it stands in the plan, fences included. */
  readonly raw: readonly string[];
  /** The same, as far left as its first fence. */
  readonly lines: readonly string[];
  /** The same without its fences. */
  readonly inside: readonly string[];
}

/** The fenced block that opens at `from`. */
export function codeBlockAt(lines: readonly Line[], from: number): CodeBlock {
  let last = from;
  while (lines[last + 1]?.part === 'code') last += 1;
  if (lines[last + 1]?.part === 'closing') last += 1;
  const block = lines.slice(from, last + 1);
  const indent = block[0]?.indent ?? 0;
  const texts = block.map(({ text }) => withoutIndent(text.trimEnd(), indent));
  return { last, raw: block.map(({ text }) => text.trimEnd()), lines: texts, inside: texts.filter((_, at) => block[at]?.part === 'code') };
}

/** A command a line; one that ends with a backslash goes on in the next. */
export function commandsOf(texts: readonly string[]): string[] {
  const commands: string[][] = [];
  let goesOn = false;
  for (const content of texts.map((text) => text.trim())) {
    if (goesOn) commands.at(-1)?.push(content);
    else if (content !== '' && !content.startsWith('#')) commands.push([content]);
    goesOn = content.endsWith('\\') && commands.length > 0;
  }
  return commands.map((parts) => parts.join('\n'));
}
