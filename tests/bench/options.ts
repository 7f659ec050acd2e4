// What the words after `npm run bench --` ask for.
import { parseArgs } from 'node:util';
import { leastRounds } from './samples.ts';

export interface Options {
  /** full: all, gating. quick: what takes no minutes, with few rounds. scale: costs by size. against: beside another commit. */
  readonly mode: 'full' | 'quick' | 'scale' | 'against';
  readonly rounds: number;
  readonly only?: string;
  readonly against?: string;
  readonly json?: string;
  /** A Markdown file whose part of this mode is replaced. */
  readonly write?: string;
}

const usage = '--only TEXT, --rounds N, --json FILE, --write FILE and one of --quick, --scale and --against COMMIT';
const roundsByDefault = 30;
const quickRounds = 5;

export function parseOptions(words: readonly string[]): Options {
  const { quick = false, scale = false, rounds, ...texts } = parse(words);
  const asked = { quick, scale, against: texts.against !== undefined } as const;
  const modes = (['quick', 'scale', 'against'] as const).filter((mode) => asked[mode]);
  if (modes.length > 1) throw new Error(`--${modes.join(' and --')} exclude each other: give one of them.`);
  const mode = modes[0] ?? 'full';
  if (rounds !== undefined && (quick || scale)) throw new Error(`--rounds has no meaning with --${mode}: leave one of them out.`);
  const wanted = Number(rounds ?? (quick ? quickRounds : roundsByDefault));
  if (rounds !== undefined && (!Number.isInteger(wanted) || wanted < leastRounds))
    throw new Error(`--rounds wants a whole number of at least ${leastRounds}, not "${rounds}".`);
  if (texts.write !== undefined && (texts.only !== undefined || mode === 'quick' || mode === 'against'))
    throw new Error('--write wants a whole run, full or --scale: leave --only, --quick and --against out.');
  const empty = Object.entries(texts).find(([, text]) => text === '');
  if (empty) throw new Error(`--${empty[0]} wants a text that is not empty.`);
  return { mode, rounds: wanted, ...texts };
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { only: text, rounds: text, json: text, write: text, against: text, quick: flag, scale: flag };
  try {
    return { ...parseArgs({ args: [...words], options }).values };
  } catch (error) {
    // Node goes on with advice for another kind of program.
    const [first = ''] = (error as Error).message.split(/\.?\s*\n|\.\s|\.$/);
    throw new Error(`${first}: there are ${usage}.`, { cause: error });
  }
}
