// Texts that went through something: lines shuffled, doubled and lost, characters flipped, markers put in, pieces repeated.

type Random = () => number;
type Mutation = (text: string, random: Random, markers: readonly string[]) => string;

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)] as T;
const at = (text: string, random: Random): number => Math.floor(random() * (text.length + 1));
const put = (text: string, place: number, piece: string): string => text.slice(0, place) + piece + text.slice(place);
const byLines = (change: (lines: string[], random: Random, markers: readonly string[]) => string[]): Mutation => {
  return (text, random, markers) => change(text.split('\n'), random, markers).join('\n');
};

const mutations: readonly Mutation[] = [
  (text, random, markers) => put(text, at(text, random), pick(markers, random)),
  (text, random, markers) => put(text, at(text, random), pick(markers, random).repeat(1 + Math.floor(random() * 1_500))).slice(0, 10_000),
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
  byLines((lines, random, markers) => lines.map((line) => (random() > 0.95 ? pick(markers, random) + line : line))),
];

/** One of the texts, or two in a row, changed up to six times. At most some 10 KB, except by chance. */
export function mutate(texts: readonly string[], markers: readonly string[], random: Random): string {
  let text = pick(texts, random) + (random() > 0.8 ? pick(texts, random) : '');
  for (let count = 1 + Math.floor(random() * 6); count > 0; count -= 1) text = pick(mutations, random)(text, random, markers);
  return text;
}
