import { type CommandArgument, limits } from '../../schemas/index.ts';
import { argumentVariable } from './arguments.ts';
import { choiceProblem, coerce } from './coerce.ts';
import type { CommandFile, FileArgument } from './command-file.ts';
import type { Problems } from './problems.ts';
import { asDeclared, choiceType } from './resolve-definition.ts';

/** What readers of single keys cannot see: arguments against each other, defaults and choices against the type. */
export function checkArguments(own: CommandFile, merged: CommandFile, declared: readonly CommandArgument[], problems: Problems): void {
  if (declared.length > limits.argumentsPerCommand) {
    problems.add({ path: ['arguments'], message: `A command has at most ${limits.argumentsPerCommand} arguments.` });
  }
  const seen = new Set<string>();
  for (const { path, keys } of own.arguments) {
    if (seen.has(keys.name)) problems.add({ path, message: `The argument "${keys.name}" is declared a second time.` });
    seen.add(keys.name);
  }
  const variables = new Map<string, string>();
  for (const { path, keys } of merged.arguments) {
    const variable = argumentVariable(keys.name);
    const other = variables.get(variable) ?? keys.name;
    if (other !== keys.name) problems.add({ path, message: `"${keys.name}" and "${other}" would both be $${variable}.` });
    variables.set(variable, keys.name);
  }
  for (const [index, argument] of merged.arguments.entries()) checkValues(argument, declared[index], problems);
}

function checkValues({ path, keys }: FileArgument, argument: CommandArgument | undefined, problems: Problems): void {
  const type = keys.type ?? 'string';
  for (const [index, raw] of (keys.choices ?? []).entries()) {
    const choice = coerce(choiceType(type), asDeclared(choiceType(type), raw));
    if ('problem' in choice) problems.add({ path: [...path, 'choices', index], message: `A choice of "${keys.name}" ${choice.problem}.` });
  }
  if (keys.default === undefined) return;
  const value = coerce(type, asDeclared(type, keys.default));
  const problem = 'problem' in value ? value.problem : choiceProblem(value.value, argument?.choices);
  if (problem !== undefined) problems.add({ path: [...path, 'default'], message: `The default of "${keys.name}" ${problem}.` });
}
