import type { Subject } from '../../schemas/event.ts';

export interface EventFilter {
  readonly types?: readonly string[] | undefined;
  readonly subject?: Subject | undefined;
}

export type EventPredicate = (event: { type: string; subject: Subject }) => boolean;

/** Builds the test once a subscription; `*` in a type stands for any letters, several in a row for no more than one does. */
export function compileFilter({ types, subject = {} }: EventFilter): EventPredicate {
  const patterns = types?.map((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*')}$`));
  const wanted = Object.entries(subject).filter(([, id]) => id !== undefined) as [keyof Subject, string][];
  return (event) =>
    (patterns === undefined || patterns.some((pattern) => pattern.test(event.type))) &&
    wanted.every(([key, id]) => event.subject[key] === id);
}
