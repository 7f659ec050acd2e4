// What a screen is made of. Pure data: who draws it decides what a tone looks like.
export type Tone = 'plain' | 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export interface Line {
  readonly spans: readonly Span[];
  readonly selected?: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** The signs that are not ASCII, and what stands for them where they can not be shown. */
export interface Glyphs {
  readonly branch: string;
  readonly last: string;
  readonly through: string;
}

export function glyphsOf(unicode: boolean): Glyphs {
  return unicode ? { branch: '├─', last: '└─', through: '│ ' } : { branch: '|-', last: '`-', through: '| ' };
}
