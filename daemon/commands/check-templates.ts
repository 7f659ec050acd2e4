// Where templates may stand and which names they may use, as far as the file alone can tell.
import { limits } from '../../schemas/index.ts';
import { argumentVariable } from './arguments.ts';
import type { FileStep } from './command-file.ts';
import { allSteps, type CommandDefinition } from './definition.ts';
import type { KeyPath, Problems } from './problems.ts';
import { templateFaults, templateUses, templateVariables, unknownVariable } from './template.ts';

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

  const checkText = (text: string, path: KeyPath) => {
    for (const message of templateFaults(text)) problems.add({ path, message });
    for (const { name } of templateUses(text)) {
      const [head, id = '', field] = name.split('.');
      if (head === 'data' && id !== '') continue;
      if (head === 'steps' && field !== undefined && ids.includes(id)) continue;
      if (!known.includes(name) && complete) problems.add({ path, message: () => unknownVariable(name, known) });
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

  check(definition.environment, ['environment']);
  check(definition.workingDirectory, ['working_directory']);
  const { worktree, session } = definition;
  for (const key of ['branch', 'base', 'path'] as const) check(worktree[key], ['worktree', key]);
  check(session.nameTemplate, ['session', 'name_template']);
  check(session.workingDirectory, ['session', 'working_directory']);
  check(session.environment, ['session', 'environment']);
  for (const [index, window] of session.windows.entries()) {
    check(window.name, ['session', 'windows', index, 'name']);
    refuse(window.command ?? '', ['session', 'windows', index, 'command']);
  }
  for (const [index, wish] of (definition.leases ?? []).entries()) check(wish.value, ['leases', index, 'value']);
  for (const step of steps) {
    const path = origins[step.index - 1]?.path ?? [];
    check(step.args, [...path, 'args']);
    check(step.env, [...path, 'env']);
    check(step.workingDirectory, [...path, 'working_directory']);
    if (step.script === undefined) refuse(step.action, [...path, 'action']);
    else refuse(step.script, [...path, 'script']);
  }
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
