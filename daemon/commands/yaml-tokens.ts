// The steps of the library between a text and its documents, taken one by one so that each can be bounded.
import { Composer, CST, type Document, Lexer, type LineCounter, Parser } from 'yaml';

export const yamlErrorsShown = 20;

/** undefined when there are more lexemes than that. What comes behind the last thing that would be told is not read. */
export function parseTokens(text: string, lines: LineCounter, most: number): CST.Token[] | undefined {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let [lexemes, documents, errors] = [0, 0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > most) return undefined;
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'document') documents += 1;
      if (token.type === 'error') errors += 1;
    }
    if (documents > 1 || errors > yamlErrorsShown) return tokens;
  }
  tokens.push(...parser.end());
  return tokens;
}

/** The library makes an error of everything that is wrong, and most of its time would go into stacks that nobody reads. */
export function compose(tokens: readonly CST.Token[], endOffset: number): Document.Parsed[] {
  const options = { version: '1.2', schema: 'core', uniqueKeys: false, merge: false, resolveKnownTags: false } as const;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  try {
    return [...new Composer(options).compose(tokens, true, endOffset)];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The library composes by recursion, and a stack that is nearly full can end the whole process, so depth is measured by a loop first. */
export function isDeeperThan(most: number, tokens: readonly CST.Token[]): boolean {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > most) return true;
    if (token.type === 'document' && token.value) open.push({ token: token.value, depth });
    if (!CST.isCollection(token)) continue;
    for (const item of token.items) {
      if (item.key) open.push({ token: item.key, depth: depth + 1 });
      if (item.value) open.push({ token: item.value, depth: depth + 1 });
    }
  }
  return false;
}
