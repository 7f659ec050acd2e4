/**
 * Finds where a key of a TOML text is set, for messages: the line, counted from 1, of `["sessions", "timeout"]`. What stands inside an
 * inline table or array has the line of the nearest key around it.
 */
export function lineOf(text: string, path: readonly (string | number)[]): number | undefined {
  const lines = linesOfKeys(text);
  const names = path.filter((part) => typeof part === 'string');
  for (let length = names.length; length > 0; length--) {
    const line = lines.get(names.slice(0, length).join('.'));
    if (line !== undefined) return line;
  }
  return undefined;
}

function linesOfKeys(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[{1,2}\s*([^\]]+?)\s*\]/.exec(line);
    if (header) table = unquote(header[1] as string);
    const key = /^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=/.exec(line);
    const found = key ? join(table, unquote(key[1] as string)) : header ? table : undefined;
    if (found !== undefined && !lines.has(found)) lines.set(found, index + 1);
  }
  return lines;
}

function unquote(text: string): string {
  return text.replaceAll(/["'\s]/g, '');
}

function join(table: string, key: string): string {
  return table === '' ? key : `${table}.${key}`;
}
