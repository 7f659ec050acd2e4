// The steps of the library between a text and its documents, taken one by one so that each can be bounded.
import { Composer, type CST, type Document, Lexer, type LineCounter, Parser } from 'yaml';
import { yamlDepth } from './yaml-values.ts';

/** How much a text may cost; the size alone says little, because a sign costs as much as a paragraph. */
export interface YamlBounds {
  readonly sizeBytes: number;
  /** Words and signs. */
  readonly tokens: number;
}

export const yamlErrorsShown = 20;

/** A document, and a scalar inside of the deepest collection. */
const stackBesides = 2;

/**
 * The tokens of a text, or the sentence that says why not. The library composes by recursion, and a stack that is nearly full can end the
 * whole process, so depth is bounded here. What comes behind the last problem that would be told is not read.
 */
export function parseTokens(text: string, lines: LineCounter, { tokens: most }: YamlBounds): readonly CST.Token[] | string {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let [lexemes, documents, errors] = [0, 0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'document') documents += 1;
      if (token.type === 'error') errors += 1;
    }
    if (lexemes > most) return `The YAML has more than ${most} words and signs.`;
    if (parser.stack.length > yamlDepth + stackBesides) return `The file is nested deeper than ${yamlDepth} levels.`;
    if (documents > 1 || errors > yamlErrorsShown) return tokens;
  }
  tokens.push(...parser.end());
  return tokens;
}

/** The library makes an error of everything that is wrong, and most of its time would go into stacks that nobody reads. */
export function compose(tokens: readonly CST.Token[], endOffset: number): Document.Parsed[] {
  const options = { version: '1.2', schema: 'core', uniqueKeys: false, merge: false, resolveKnownTags: false } as const;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return [...new Composer(options).compose(tokens, true, endOffset)];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
