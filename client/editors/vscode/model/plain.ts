// Text from outside, before VS Code shows it: titles, prompts and output may come from an agent.
import { oneLine, openSequenceAt, printable, withoutSequences } from '../../../cli/text.ts';

/** Turn the order of what follows around, so that a text does not say what it seems to. */
const reordering = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const longestLine = 300;

/**
 * One line for labels, messages and buttons. In some of these VS Code makes a button of `[text](command:…)` and an icon of `$(name)`, so
 * neither stays whole.
 */
export function plainLine(text: string, longest = longestLine): string {
  const line = oneLine(withoutSequences(text).replace(/[\t\r\v\f\u2028\u2029]+/g, ' '))
    .replace(reordering, '\ufffd')
    .replaceAll('](', '] (')
    .replaceAll('$(', '$ (');
  return line.length <= longest ? line : `${line.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Several lines, for documents and the output channel: nothing in it is but text. */
export function plainText(text: string): string {
  return printable(withoutSequences(text).replace(/\r\n?/g, '\n')).replace(reordering, '\ufffd');
}

/** Of text that comes in parts: what of it is whole, while a sequence that was cut waits for its other half. */
export interface PlainParts {
  take(part: string): string;
  /** What never got its end. */
  rest(): string;
}

const longestHeld = 4_096;

export function createPlainParts(): PlainParts {
  let held = '';
  return {
    take(part) {
      const text = held + part;
      const open = openSequenceAt(text);
      const whole = open === -1 ? text.replace(/\r$/, '').length : open;
      const end = text.length - whole > longestHeld ? text.length : whole;
      held = text.slice(end);
      return plainText(text.slice(0, end));
    },
    rest() {
      const text = held;
      held = '';
      return plainText(text);
    },
  };
}
