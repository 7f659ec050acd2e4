// Plans that went through something: lines shuffled, doubled and lost, characters flipped, markers put in, pieces repeated.

const markers = [
  ...[
    '## Task 1: ',
    '### ',
    '- [ ] ',
    '- [x] ',
    '1. ',
    '  - ',
    '## Phase 2',
    '```',
    '```tasks\n',
    '~~~',
    '---\n',
    '**',
    '_',
    '`',
    '[P]',
    '[P0]',
    '[US1]',
  ],
  ...[
    '(S)',
    '(depends on 1-9)',
    '(after: ',
    ')',
    '(',
    '[',
    ']',
    'Effort: ',
    'Depends on: ',
    'all previous',
    'Acceptance:',
    'Files:',
    'Verify:\n',
    ':',
  ],
  ...[
    'T001',
    '1.1',
    '#3',
    '1-200',
    '\t',
    '\r',
    '\r\n',
    '\ufeff',
    '\0',
    '\u2028',
    '\ud83d',
    '😀',
    'İ',
    'é',
    '\n',
    '\n\n',
    ' ',
    '&a ',
    '*a',
    '{',
    '? ',
    '|',
  ],
];

type Random = () => number;
type Mutation = (text: string, random: Random) => string;

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)] as T;
const at = (text: string, random: Random): number => Math.floor(random() * (text.length + 1));
const put = (text: string, place: number, piece: string): string => text.slice(0, place) + piece + text.slice(place);
const byLines = (change: (lines: string[], random: Random) => string[]): Mutation => {
  return (text, random) => change(text.split('\n'), random).join('\n');
};

const mutations: readonly Mutation[] = [
  (text, random) => put(text, at(text, random), pick(markers, random)),
  (text, random) => put(text, at(text, random), pick(markers, random).repeat(1 + Math.floor(random() * 1_500))).slice(0, 10_000),
  (text, random) => {
    const place = at(text, random);
    return text.slice(0, place) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(place + 1);
  },
  (text, random) => {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    return bytes.toString();
  },
  (text, random) => {
    const [one, other] = [at(text, random), at(text, random)];
    return text.slice(0, Math.min(one, other)) + text.slice(Math.max(one, other));
  },
  byLines((lines, random) => lines.toSorted(() => random() - 0.5)),
  byLines((lines, random) => lines.filter(() => random() > 0.2)),
  byLines((lines, random) => lines.flatMap((line) => (random() > 0.9 ? [line, line] : [line]))),
  byLines((lines, random) => lines.map((line) => (random() > 0.9 ? `${' '.repeat(Math.floor(random() * 9))}${line}` : line))),
  byLines((lines, random) => lines.map((line) => (random() > 0.9 ? line.trimStart() : line))),
  byLines((lines, random) => lines.map((line) => (random() > 0.95 ? pick(markers, random) + line : line))),
];

/** One of the plans, or two in a row, changed up to six times. At most some 10 KB, except by chance. */
export function mutate(plans: readonly string[], random: Random): string {
  let text = pick(plans, random) + (random() > 0.8 ? pick(plans, random) : '');
  for (let count = 1 + Math.floor(random() * 6); count > 0; count -= 1) text = pick(mutations, random)(text, random);
  return text;
}
