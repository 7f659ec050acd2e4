// The fenced block with the info `tasks`: a list of tasks as YAML or JSON. Its keys are the labels that fields have in a body, and a few
// of its own, written in any of the usual ways.
import { limits } from '../../../../schemas/limits.ts';
import { PlanBlock, PlanBlockTask } from '../../../../schemas/plan.ts';
import { compact } from '../../../commands/compact.ts';
import type { KeyPath } from '../../../commands/problems.ts';
import { isMap, isNothing } from '../../../commands/scalar.ts';
import { suggestion } from '../../../commands/suggest.ts';
import { readYaml } from '../../../commands/yaml-source.ts';
import { asWritten } from '../as-written.ts';
import { codeBlockAt } from '../code-block.ts';
import type { Diagnostics } from '../diagnostics.ts';
import type { Draft } from '../draft.ts';
import { fieldNamed } from '../fields.ts';
import { fenceInfo, type Line } from '../lines.ts';
import type { Box } from '../list-item.ts';
import { capTitle } from '../title.ts';
import { pathsInTitle, readCommands, readPaths, readRequirements } from '../values.ts';

/** As much of a key as a message has. */
const keyChars = 60;
const bounds = { sizeBytes: limits.planBytes, tokens: limits.planYamlTokens };
const ownKeys: ReadonlyMap<string, string> = new Map([
  ['id', 'label'],
  ['name', 'title'],
  ['phase', 'group'],
]);
const boxes: Readonly<Record<NonNullable<PlanBlockTask['status']>, Box>> = { pending: 'open', in_progress: 'started', completed: 'done' };

/** undefined when the plan has no such block. One that is wrong has no task, and an error for each thing that is wrong. */
export function readBlock(lines: readonly Line[], diagnostics: Diagnostics): readonly Draft[] | undefined {
  const [opening, second] = lines.filter((line) => /^tasks(?:\s|$)/i.test(fenceInfo(line)));
  if (opening === undefined) return undefined;
  const report = (line: number, message: string) => diagnostics.error('invalid_block', line, message);
  if (second) report(second.number, 'this is a second block of tasks; put all tasks into one list');
  const { value, locate, problems } = readYaml(codeBlockAt(lines, lines.indexOf(opening)).inside.join('\n'), undefined, bounds);
  const lineOf = (path: KeyPath, atKey = false) => opening.number + locate(path, atKey).line;
  for (const { line = 0, message } of problems.diagnostics) report(opening.number + line, message);
  if (problems.diagnostics.length > 0) return [];
  const named = Array.isArray(value)
    ? value.map((entry, index) => withKnownKeys(entry, (message) => report(lineOf([index]), message)))
    : value;
  const parsed = PlanBlock.safeParse(named);
  if (parsed.success) return parsed.data.map((task, index) => draftOf(task, lineOf([index])));
  for (const issue of parsed.error.issues) {
    const path = issue.path as KeyPath;
    if (issue.code !== 'unrecognized_keys') report(lineOf(path), `${nameOf(path)} ${issue.message}`);
    else for (const key of issue.keys) report(lineOf([...path, key], true), `${nameOf([...path, key])} is no key of a task${near(key)}`);
  }
  return [];
}

/** `depends_on`, `dependsOn` and `Depends on` are one key. What is unknown stays, for the schema to refuse. */
function withKnownKeys(entry: unknown, report: (message: string) => void): unknown {
  if (!isMap(entry)) return asWritten(entry);
  const known = new Map<string, unknown>();
  for (const [key, value] of Object.entries(entry)) {
    const words = key
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replace(/[_-]/g, ' ')
      .toLowerCase();
    const name = ownKeys.get(words) ?? fieldNamed(words) ?? key;
    if (isNothing(value)) continue;
    if (known.has(name)) report(`"${key}" says a second time what "${name}" is`);
    known.set(name, asWritten(value));
  }
  return Object.fromEntries(known);
}

function draftOf(task: PlanBlockTask, line: number): Draft {
  const { title, rest } = capTitle(task.title.replace(/\s+/g, ' '));
  const { description = '', dependencies = [], acceptance = [], verify = [], requirements = [], files, status } = task;
  return compact({
    line,
    label: task.label,
    title,
    description: [rest, description.trim()].filter((text) => text !== '').join('\n'),
    acceptance,
    effort: task.effort,
    priority: task.priority,
    dependencies,
    files: files ? readPaths(files) : pathsInTitle(title),
    verify: readCommands(verify),
    requirements: readRequirements(requirements.map((text) => ({ text, inline: false }))),
    agent: task.agent,
    story: task.story,
    parallel: task.parallel === 'true',
    box: status && boxes[status],
    group: task.group,
    phase: task.group,
    innerLabels: [],
  });
}

function nameOf([index, ...keys]: KeyPath): string {
  if (index === undefined) return 'the block';
  return `task ${Number(index) + 1}: ${keys.length === 0 ? 'it' : `"${keys.join('.').slice(0, keyChars)}"`}`;
}

function near(key: string): string {
  return suggestion(key.slice(0, keyChars), Object.keys(PlanBlockTask.shape));
}
