/** Finds where a key of a TOML text is set, for messages: the line, counted from 1, of `["sessions", "timeout"]`. */
export function lineOf(text: string, path: readonly (string | number)[]): number | undefined {
  const wanted = path.filter((part) => typeof part === 'string').join('.');
  let table = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[{1,2}\s*([^\]]+?)\s*\]/.exec(line);
    if (header) table = unquote(header[1] as string);
    const key = /^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=/.exec(line);
    const found = key ? join(table, unquote(key[1] as string)) : header ? table : undefined;
    if (found === wanted) return index + 1;
  }
  return undefined;
}

function unquote(text: string): string {
  return text.replaceAll(/["'\s]/g, '');
}

function join(table: string, key: string): string {
  return table === '' ? key : `${table}.${key}`;
}
