// Where the keys and values of a TOML text stand. The parser that knows is loaded only when somebody asks: for an error, or to explain.
import type { AST } from 'toml-eslint-parser';

export interface Place {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** The place of the value at a path, or of its name; for what is not in the text, of the nearest table around it. */
export type PlaceOf = (path: readonly string[], part?: 'name' | 'value') => Place | undefined;

interface Places {
  readonly name: Place;
  readonly value: Place;
}

/** For a text that is TOML. */
export async function placesIn(text: string): Promise<PlaceOf> {
  const { parseTOML } = await import('toml-eslint-parser');
  const places = new Map<string, Places>();
  // The other parser, which reads the values, takes a byte order mark for nothing.
  for (const item of parseTOML(text.replace(/^\ufeff/, '')).body[0].body) {
    if (item.type === 'TOMLTable') placeTable(item, places);
    else placeKey(item, [], places);
  }
  return (path, part = 'value') => {
    for (let length = path.length; length > 0; length--) {
      const found = places.get(keyOf(path.slice(0, length)));
      if (found !== undefined) return length === path.length ? found[part] : found.name;
    }
    return undefined;
  };
}

function placeTable(table: AST.TOMLTable, places: Map<string, Places>): void {
  const path = table.resolvedKey.map(String);
  placeAll(path, placeOf(table.key), placeOf(table), places);
  for (const member of table.body) placeKey(member, path, places);
}

function placeKey({ key, value }: AST.TOMLKeyValue, table: readonly string[], places: Map<string, Places>): void {
  const path = [...table, ...key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value))];
  placeAll(path, placeOf(key), placeOf(value), places);
  placeInside(value, path, places);
}

function placeInside(value: AST.TOMLContentNode, path: readonly string[], places: Map<string, Places>): void {
  if (value.type === 'TOMLInlineTable') for (const member of value.body) placeKey(member, path, places);
  if (value.type !== 'TOMLArray') return;
  for (const [index, element] of value.elements.entries()) {
    const at = [...path, String(index)];
    placeAll(at, placeOf(element), placeOf(element), places);
    placeInside(element, at, places);
  }
}

/** Tables that are only named on the way to others stand where they are named first. */
function placeAll(path: readonly string[], name: Place, value: Place, places: Map<string, Places>): void {
  for (let length = 1; length < path.length; length++) {
    const key = keyOf(path.slice(0, length));
    if (!places.has(key)) places.set(key, { name, value: name });
  }
  places.set(keyOf(path), { name, value });
}

function placeOf({ loc }: { readonly loc: AST.SourceLocation }): Place {
  return { line: loc.start.line, column: loc.start.column + 1 };
}

function keyOf(path: readonly string[]): string {
  return path.join('\0');
}
