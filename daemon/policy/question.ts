// What policy can be asked, with all facts that a rule needs: the rules themselves look at nothing.
import type { PolicyConfig, PolicyDecision } from '../../schemas/policy.ts';
import type { ExecutableFile } from '../tools/executables.ts';

export type Question =
  | {
      readonly about: 'executable';
      readonly named: string;
      /** The program, then what interprets it; empty when it was not found. */
      readonly chain: readonly ExecutableFile[];
      /** Real paths of the entries of either list that name one certain file. */
      readonly allowedFiles: ReadonlySet<string>;
      readonly deniedFiles: ReadonlySet<string>;
    }
  /** `passed` on by a client, or `set` by a command. */
  | { readonly about: 'variable'; readonly name: string; readonly how: 'passed' | 'set' }
  | {
      readonly about: 'directory';
      readonly named: string;
      /** Absent: it does not exist. */
      readonly realPath?: string;
      /** With links resolved; the daemon's own among them. */
      readonly roots: readonly string[];
    }
  /** Those that have not ended, without the one that wants to begin. */
  | { readonly about: 'sessions'; readonly unfinished: number }
  /** 0 is none. */
  | { readonly about: 'runtime'; readonly what: string; readonly seconds: number }
  /** Of all artifacts of a session, with the one that is to come. */
  | { readonly about: 'artifacts'; readonly sizeBytes: number };

export type About<K extends Question['about']> = Extract<Question, { about: K }>;

/** What a rule says of a question; undefined when it has nothing to say. */
export type Rule = (question: Question, policy: PolicyConfig) => PolicyDecision | undefined;
