// A draft is a task by itself: all that its own lines tell, before it gets a label and its dependencies are looked up among the others.
import { compact } from '../../commands/compact.ts';
import { readBody } from './body.ts';
import type { FieldName } from './fields.ts';
import type { Box } from './list-item.ts';
import type { Section } from './section.ts';
import { trimAny } from './text.ts';
import { readTitle } from './title.ts';
import { pathsInTitle, readCommands, readPaths, readRequirements } from './values.ts';

export interface Draft {
  readonly line: number;
  readonly label?: string;
  readonly title: string;
  readonly description: string;
  readonly acceptance: readonly string[];
  /** Efforts, priorities and dependencies as they are written. */
  readonly effort?: string;
  readonly priority?: string;
  readonly dependencies: readonly string[];
  readonly files: readonly string[];
  readonly verify: readonly string[];
  readonly requirements: readonly string[];
  readonly agent?: string;
  readonly story?: string;
  readonly parallel: boolean;
  readonly box?: Box;
  readonly group?: string;
  /** What a phase barrier keeps together. */
  readonly phase?: string | number;
  /** What a reference to the phase says, in lower case. */
  readonly phaseLabel?: string;
  /** Labels of its parts. */
  readonly innerLabels: readonly string[];
}

export function draftOf({ line, start, body: lines }: Section): Draft {
  const { label, number, box, phase } = start;
  const { title, label: titleLabel, opening, notes } = readTitle(start.title, label === undefined);
  const body = readBody(lines);
  const items = (name: FieldName) => body.fields.get(name) ?? [];
  const texts = (name: FieldName) => items(name).map(({ text }) => text);
  const files = items('files').length > 0 ? readPaths(texts('files')) : pathsInTitle(title);
  return compact({
    line,
    label: label ?? titleLabel ?? number,
    title,
    description: joined(opening, body.description),
    acceptance: texts('acceptance'),
    effort: texts('effort').join(' ') || notes.effort,
    priority: texts('priority')[0] ?? notes.priority,
    dependencies: [...notes.dependencies, ...texts('dependencies')],
    files,
    verify: readCommands(texts('verify')),
    requirements: readRequirements(items('requirements')),
    agent: trimAny(texts('agent')[0] ?? '', '`*_ ') || undefined,
    story: notes.story,
    parallel: notes.parallel,
    box,
    // A phase that is a task itself stands in no group.
    group: phase?.line === line ? undefined : phase?.heading,
    phase: phase?.line,
    phaseLabel: phase?.label.toLowerCase(),
    innerLabels: body.innerLabels,
  });
}

function joined(opening: string, description: string): string {
  return (opening === '' ? description : `${opening}\n${description}`).replace(/^\n/, '').trimEnd();
}
