// What a step that runs an agent must have, and what conditions may ask for.
import type { FileStep } from './command-file.ts';
import { conditionNames, parseCondition } from './condition.ts';
import { allSteps, type CommandDefinition, type CommandStep } from './definition.ts';
import type { KeyPath, Problems } from './problems.ts';
import { suggestion } from './suggest.ts';
import { templateNames, templateVariables } from './template.ts';

interface StepChecks {
  readonly definition: CommandDefinition;
  readonly origins: readonly FileStep[];
  readonly problems: Problems;
  /** False while a base is missing: then what is not there may be the base's. */
  readonly complete: boolean;
}

export function checkAgents({ definition, origins, problems, complete }: StepChecks): void {
  for (const step of allSteps(definition).filter(({ type }) => type === 'agent')) {
    const path = origins[step.index - 1]?.path ?? [];
    const { argv, prompt } = step.args;
    if (step.action === '') {
      problems.add({ path: [...path, 'args'], message: 'The step names no agent; write `args: {agent: <program>}`.' });
    }
    if (/\s/.test(step.action)) {
      const message = 'An agent is named by its program alone; its arguments go to `args: {argv: […]}`.';
      problems.add({ path: [...path, 'action'], message });
    }
    if (argv !== undefined && !isTexts(argv)) problems.add({ path: [...path, 'args', 'argv'], message: '"argv" must be a list of texts.' });
    for (const name of secretsIn(definition, step.args)) {
      const message = `The args name the secret argument "${name}"; secrets reach an agent by its environment only.`;
      problems.add({ path: [...path, 'args'], message });
    }
    if (prompt !== undefined && typeof prompt !== 'string') {
      problems.add({ path: [...path, 'args', 'prompt'], message: '"prompt" must be text.' });
    }
    if (prompt === undefined && definition.promptFile === undefined && complete && !definition.abstract) {
      const message = 'The agent has no prompt: the command needs a `prompt_file`, or the step `args: {prompt: …}`.';
      problems.add({ path, message });
    }
  }
}

/** A prompt is a file that whoever may read the session reads, and argv shows in process lists. */
function secretsIn(definition: CommandDefinition, args: CommandStep['args']): readonly string[] {
  const texts = Object.values(args)
    .flat()
    .filter((value) => typeof value === 'string');
  const used = new Set(texts.flatMap(templateNames));
  return definition.arguments.filter(({ name, secret }) => secret && used.has(name)).map(({ name }) => name);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => ['string', 'number', 'boolean'].includes(typeof item));
}

/** Fields of `steps.<id>`. */
export const stepFields = ['status', 'exit_code', 'signal', 'reason', 'attempts', 'name'] as const;

/** What is wrong with a name like `steps.build.status`. */
export function stepVariableProblem(name: string, ids: readonly string[], complete: boolean): string | undefined {
  const [, id = '', field = '', ...rest] = name.split('.');
  if (!ids.includes(id)) return complete ? `No step has the id "${id}"${suggestion(id, ids) || '.'}` : undefined;
  const isField = rest.length === 0 && (stepFields as readonly string[]).includes(field);
  return isField ? undefined : `A step has no "${field}"; it has ${stepFields.join(', ')}.`;
}

export function checkConditions({ definition, origins, problems, complete }: StepChecks): void {
  const steps = allSteps(definition);
  const ids = steps.flatMap(({ id }) => id ?? []);
  const known = [...definition.arguments.map(({ name }) => name), ...templateVariables];
  const problemOf = (name: string): string | undefined => {
    const [head, id = ''] = name.split('.');
    if (head === 'data' && id !== '') return undefined;
    if (head === 'steps') return stepVariableProblem(name, ids, complete);
    return known.includes(name) || !complete ? undefined : `No variable is named "${name}"${suggestion(name, known) || '.'}`;
  };
  for (const step of steps) checkCondition(step, [...(origins[step.index - 1]?.path ?? []), 'when'], problems, problemOf);
}

function checkCondition(step: CommandStep, path: KeyPath, problems: Problems, problemOf: (name: string) => string | undefined): void {
  if (step.when === undefined) return;
  const condition = parseCondition(step.when);
  if ('problem' in condition) {
    problems.add({ path, message: `The condition ${condition.problem}; write one like \`steps.build.status == 'failed'\`.` });
    return;
  }
  for (const name of new Set(conditionNames(condition))) {
    const message = problemOf(name);
    if (message !== undefined) problems.add({ path, message });
  }
}
