// One thing in the list, in words: what it is called, how it stands, how that is known, since when, and what can be done with it.
import type { Attention } from '../../../schemas/index.ts';
import { statusColour } from '../output.ts';
import type { Tone } from './line.ts';

export interface Row {
  /** Stays the same as long as the thing does. */
  readonly key: string;
  /** Rows below it with a greater depth belong to it. */
  readonly depth: number;
  /** Only says what follows; nothing can be done with it. */
  readonly heading?: boolean;
  /** How its columns are shared out: a message without a note, a spec task with its bar, or default. */
  readonly form?: 'message' | 'task';
  readonly lines: string;
  readonly name: string;
  readonly state: string;
  readonly tone: Tone;
  /** How the state is known, or what it waits for. */
  readonly note: string;
  /** How much of it is done, from 0 to 1. */
  readonly share?: number;
  readonly since: string | undefined;
  readonly target: Target;
}

/** What the keys act on. */
export interface Target {
  readonly name: string;
  readonly specTaskId?: string;
  readonly workSessionId?: string;
  readonly sessionId?: string;
  readonly attention?: Attention;
  /** It has not ended. */
  readonly active?: boolean;
}

export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

export function toneOf(status: string): Tone {
  return statusColour(status);
}
