// Where templates may stand and which names they may use, as far as the file alone can tell.
import { limits } from '../../schemas/index.ts';
import { argumentVariable } from './arguments.ts';
import { stepVariableProblem } from './check-steps.ts';
import type { FileStep } from './command-file.ts';
import { allSteps, type CommandDefinition } from './definition.ts';
import type { KeyPath, Problems } from './problems.ts';
import { templateFaults, templateNames, templateUses, templateVariables, unknownVariable } from './template.ts';

interface TemplateCheck {
  readonly definition: CommandDefinition;
  readonly origins: readonly FileStep[];
  readonly problems: Problems;
  /** False while a base is missing: then a name that is not known here may be the base's. */
  readonly complete: boolean;
}

export function checkTemplates({ definition, origins, problems, complete }: TemplateCheck): void {
  const names = definition.arguments.slice(0, limits.argumentsPerCommand).map(({ name }) => name);
  const steps = allSteps(definition).slice(0, limits.stepsPerCommand);
  const ids = steps.flatMap(({ id }) => id ?? []);
  const known = [...names, ...templateVariables];

  const problemOf = (name: string): string | undefined => {
    const [head, id = ''] = name.split('.');
    if (head === 'data' && id !== '') return undefined;
    if (head === 'steps') return stepVariableProblem(name, ids, complete);
    return known.includes(name) || !complete ? undefined : unknownVariable(name, known);
  };
  const checkText = (text: string, path: KeyPath) => {
    for (const message of templateFaults(text)) problems.add({ path, message });
    for (const name of templateNames(text)) {
      const message = problemOf(name);
      if (message !== undefined) problems.add({ path, message });
    }
  };
  const check = (value: unknown, path: KeyPath): void => {
    if (typeof value === 'string') checkText(value, path);
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) check(item, [...path, index]);
    else if (typeof value === 'object' && value !== null) for (const [key, item] of Object.entries(value)) check(item, [...path, key]);
  };
  const refuse = (code: string, path: KeyPath) => {
    const found = templateUses(looseTemplates(code)).find(({ name }) => !goWords.has(name) || names.includes(name));
    if (found !== undefined) problems.add({ path, message: refusal(found.name, names) });
  };

  const secrets = definition.arguments.filter(({ secret }) => secret).map(({ name }) => name);
  /** For texts that others than the step come to see: names, paths, what a builtin does with its args. */
  const checkShown = (value: unknown, path: KeyPath): void => {
    check(value, path);
    const found = secrets.find((name) => textsIn(value).some((text) => templateNames(text).includes(name)));
    if (found !== undefined) problems.add({ path, message: shownSecret(found) });
  };

  check(definition.environment, ['environment']);
  checkShown(definition.workingDirectory, ['working_directory']);
  const { worktree, session } = definition;
  for (const key of ['branch', 'base', 'path'] as const) checkShown(worktree[key], ['worktree', key]);
  checkShown(session.nameTemplate, ['session', 'name_template']);
  checkShown(session.workingDirectory, ['session', 'working_directory']);
  check(session.environment, ['session', 'environment']);
  for (const [index, window] of session.windows.entries()) {
    checkShown(window.name, ['session', 'windows', index, 'name']);
    refuse(window.command ?? '', ['session', 'windows', index, 'command']);
  }
  for (const [index, wish] of (definition.leases ?? []).entries()) checkShown(wish.value, ['leases', index, 'value']);
  for (const step of steps) {
    const path = origins[step.index - 1]?.path ?? [];
    const checkArgs = step.type === 'builtin' ? checkShown : check;
    checkArgs(step.args, [...path, 'args']);
    check(step.env, [...path, 'env']);
    checkShown(step.workingDirectory, [...path, 'working_directory']);
    if (step.script === undefined) refuse(step.action, [...path, 'action']);
    else refuse(step.script, [...path, 'script']);
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function shownSecret(name: string): string {
  return `"${name}" is secret, and this text is shown to others; secrets reach a step by its environment only, as "$${argumentVariable(name)}".`;
}

/** Words of Go templates, which `docker --format` and `gh --template` take: they are code of the shell step, not ours. */
const goWords = new Set(['end', 'else', 'break', 'continue']);

/** Any filter counts: somebody who writes `{{ name | upper }}` means a template as well. */
function looseTemplates(code: string): string {
  return code.replace(/\{\{\s*([A-Za-z_][\w.-]*)\s*\|[^{}]*\}\}/g, '{{ $1 }}');
}

const variables = new Map([
  ['project_path', 'COPPICE_PROJECT_PATH'],
  ['branch', 'COPPICE_BRANCH_NAME'],
  ['worktree_path', 'COPPICE_WORKTREE_PATH'],
  ['session_id', 'COPPICE_SESSION_ID'],
  ['command_name', 'COPPICE_COMMAND_NAME'],
  ['artifact_dir', 'COPPICE_ARTIFACT_DIR'],
  ['tmux_session', 'COPPICE_TMUX_SESSION'],
]);

function refusal(name: string, argumentNames: readonly string[]): string {
  const variable = argumentNames.includes(name) ? argumentVariable(name) : variables.get(name);
  const refused = `Values are not put into the text of a step; instead of "{{ ${name} }}"`;
  if (variable !== undefined) return `${refused} write "$${variable}".`;
  return `${refused} give the step a variable, \`env: {VALUE: "{{ ${name} }}"}\`, and write "$VALUE".`;
}
