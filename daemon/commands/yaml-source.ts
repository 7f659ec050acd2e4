// Text -> plain data that still knows where it stands and how its scalars were written. A file can come with any repository, so nothing in
// it may exhaust memory, stack or time: size, depth, aliases and values are bounded before anything recurses over them.
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml';
import { limits } from '../../schemas/index.ts';
import { createProblems, type KeyPath, type Locate, type Problems } from './problems.ts';
import { compose, parseTokens, type YamlBounds, yamlErrorsShown } from './yaml-tokens.ts';
import { convertDocument, keyName } from './yaml-values.ts';

export interface YamlSource {
  /** undefined when the text is not YAML at all. */
  readonly value: unknown;
  readonly locate: Locate;
  readonly problems: Problems;
}

const commandFileBounds: YamlBounds = { sizeBytes: limits.commandFileBytes, tokens: limits.commandFileTokens };

export function readYaml(text: string, filePath?: string, bounds = commandFileBounds): YamlSource {
  const lines = new LineCounter();
  let document: Document | undefined;
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const locate: Locate = (path, atKey = false) => at(offsetOf(document, path, atKey));
  const problems = createProblems(locate, filePath);
  const failed: YamlSource = { value: undefined, locate, problems };

  if (Buffer.byteLength(text) > bounds.sizeBytes) {
    problems.addAt({ line: 1, column: 1, message: `The file is larger than ${bounds.sizeBytes} bytes.` });
    return failed;
  }
  const tokens = parseTokens(text, lines, bounds);
  if (typeof tokens === 'string') {
    problems.addAt({ line: 1, column: 1, message: tokens });
    return failed;
  }
  const documents = compose(tokens, text.length);
  const faults = documents.flatMap((one) => [...one.errors, ...one.warnings]);
  for (const fault of faults.slice(0, yamlErrorsShown)) problems.addAt({ ...at(fault.pos[0]), message: sentence(fault.message) });
  const second = documents[1];
  if (second !== undefined) {
    problems.addAt({ ...at(second.range[0]), message: 'A second YAML document begins here; only one is read.' });
  }
  document = documents[0] as Document | undefined;
  if (document === undefined || problems.diagnostics.length > 0) return failed;
  const value = convertDocument(document, (offset, message) => problems.addAt({ ...at(offset), message }));
  return { value, locate, problems };
}

/** The offset of what stands at a path, or of the nearest thing around it. */
function offsetOf(document: Document | undefined, path: KeyPath, atKey: boolean): number {
  let node = (document?.contents ?? null) as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    if (isSeq(node) && typeof part === 'number') {
      node = (node.items[part] ?? null) as Node | null;
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && keyName(key) === part);
      if (pair === undefined) return offset;
      const key = pair.key as Node;
      offset = key.range?.[0] ?? offset;
      if (atKey && index === path.length - 1) return offset;
      node = pair.value as Node | null;
    } else {
      return offset;
    }
    if (node === null) return offset;
    // A value that is absent has an empty range right behind its key, where no eye looks; the key is the better place.
    const [start, end] = node.range ?? [offset, offset];
    if (end > start) offset = start;
  }
  return offset;
}

function sentence(message: string): string {
  const line = message.split(/ at line \d+|\n/, 1)[0] ?? '';
  return `The YAML is wrong: ${line.replace(/:$/, '')}.`.replace(/\.\.$/, '.');
}
