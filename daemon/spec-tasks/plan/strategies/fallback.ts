import type { Draft } from '../draft.ts';
import type { Line } from '../lines.ts';
import { capTitle } from '../title.ts';

/** One task out of the whole plan, titled by its first heading of level 1. */
export function wholePlan(lines: readonly Line[]): Draft {
  const heading = lines.find((line) => line.heading?.level === 1 && line.heading.text !== '');
  const { title, rest } = capTitle(heading?.heading?.text ?? 'Implementation');
  const texts = lines.filter((line) => line !== heading).map(({ text }) => text.trimEnd());
  const description = texts.join('\n').replace(/^\n+/, '').trimEnd();
  return {
    line: heading?.number ?? 1,
    title,
    description: rest === '' ? description : `${rest}\n${description}`,
    acceptance: [],
    dependencies: [],
    files: [],
    verify: [],
    requirements: [],
    parallel: false,
    innerLabels: [],
  };
}
