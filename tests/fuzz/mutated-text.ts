// Texts that went through something, as an arbitrary of fast-check: what fails is made smaller by taking pieces out.
import fc from 'fast-check';
import { mutate } from './mutate.ts';

/** One of the texts, or two in a row, changed up to six times; the markers are what its readers look for. */
export function mutatedText(texts: readonly string[], markers: readonly string[]): fc.Arbitrary<string> {
  return new MutatedText(texts, markers);
}

/** A short unit, as often as it fits between a head and a tail: what a careless reader pays for many times over. */
export function repeatedText(markers: readonly string[], sizeBytes: number): fc.Arbitrary<string> {
  const piece = fc.array(fc.constantFrom(...markers), { maxLength: 3 }).map((parts) => parts.join(''));
  const unit = fc.array(fc.constantFrom(...markers), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  return fc.tuple(piece, unit, piece).map(([head, one, tail]) => {
    const room = sizeBytes - Buffer.byteLength(head) - Buffer.byteLength(tail);
    return head + one.repeat(Math.floor(room / Buffer.byteLength(one))) + tail;
  });
}

class MutatedText extends fc.Arbitrary<string> {
  readonly #texts: readonly string[];
  readonly #markers: readonly string[];

  constructor(texts: readonly string[], markers: readonly string[]) {
    super();
    this.#texts = texts;
    this.#markers = markers;
  }

  generate(random: fc.Random): fc.Value<string> {
    return new fc.Value(
      mutate(this.#texts, this.#markers, () => random.nextDouble()),
      undefined,
    );
  }

  canShrinkWithoutContext(value: unknown): value is string {
    return typeof value === 'string';
  }

  shrink(text: string): fc.Stream<fc.Value<string>> {
    return new fc.Stream(shorter(text)).map((smaller) => new fc.Value(smaller, undefined));
  }
}

/** The text without one piece, the longest pieces first. */
function* shorter(text: string): IterableIterator<string> {
  for (let chars = Math.ceil(text.length / 2); chars >= 1; chars = chars === 1 ? 0 : Math.ceil(chars / 2)) {
    for (let at = 0; at < text.length; at += chars) yield text.slice(0, at) + text.slice(at + chars);
  }
}
