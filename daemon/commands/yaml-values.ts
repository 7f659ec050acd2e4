import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { plainScalar } from './scalar.ts';

export const yamlDepth = 50;
const aliasLimit = 100;
const valueLimit = 20_000;

type Report = (offset: number, message: string) => void;

/** Nodes -> plain data. The library's own toJS forgets how scalars were written and looks for duplicate keys in quadratic time. */
export function convertDocument(document: Document, report: Report): unknown {
  let values = 0;
  let aliases = 0;
  let refused = false;

  const refuse = (node: Node, message: string): undefined => {
    if (!refused) report(node.range?.[0] ?? 0, message);
    refused = true;
  };

  const convert = (node: Node | null, depth: number): unknown => {
    if (refused || node === null) return plainScalar(null, '');
    values += 1;
    if (values > valueLimit) return refuse(node, `The file holds more than ${valueLimit} values, those behind aliases counted.`);
    if (depth > yamlDepth) return refuse(node, `The file is nested deeper than ${yamlDepth} levels, or an alias holds itself.`);
    if (isMap(node)) return convertMap(node, depth);
    if (isSeq(node)) return node.items.map((item) => convert(item as Node | null, depth + 1));
    if (isScalar(node)) return plainScalar(node.value, node.source ?? '');
    if (!isAlias(node)) return undefined;
    aliases += 1;
    if (aliases > aliasLimit) return refuse(node, `The file uses more than ${aliasLimit} aliases.`);
    const target = node.resolve(document);
    return target === undefined ? refuse(node, `No anchor is named "${node.source}".`) : convert(target, depth + 1);
  };

  const convertMap = (map: YAMLMap, depth: number): Readonly<Record<string, unknown>> => {
    const entries = new Map<string, unknown>();
    for (const pair of map.items) {
      const key = pair.key as Node | null;
      if (!isScalar(key)) {
        report((key ?? map).range?.[0] ?? 0, 'A key must be plain text.');
        continue;
      }
      const name = keyName(key);
      if (entries.has(name)) report(key.range?.[0] ?? 0, `The key "${name}" stands here a second time.`);
      entries.set(name, convert(pair.value as Node | null, depth + 1));
    }
    return Object.fromEntries(entries);
  };

  return convert(document.contents as Node | null, 0);
}

export function keyName(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}
