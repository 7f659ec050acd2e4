import { stepTypes } from '../../schemas/index.ts';
import type { StepType } from './definition.ts';
import type { KeyPath, Problems } from './problems.ts';
import { asText } from './scalar.ts';
import { suggestion } from './suggest.ts';

export type StepForm = StepType;
export const scriptExtensions = ['.py', '.sh', '.js', '.mjs', '.ts'] as const;

const shellCharacters = /[\s|&;><$()`]/;

/** What a step that is only a string means. */
export function stepForm(action: string): StepForm {
  if (shellCharacters.test(action.trim())) return 'shell';
  return scriptExtensions.some((extension) => action.endsWith(extension)) ? 'script' : 'builtin';
}

interface StepParts {
  readonly type?: StepForm;
  readonly action?: string;
  readonly script?: string;
}

/** The object form: what it runs, or undefined after reporting why that cannot be told. */
export function resolveStepForm(
  parts: StepParts,
  path: KeyPath,
  problems: Problems,
): { type: StepForm; action: string; script?: string } | undefined {
  const { type, action, script } = parts;
  if (action !== undefined && script !== undefined) {
    problems.add({ path: [...path, 'script'], message: 'A step has either "action" or "script", not both.', atKey: true });
    return undefined;
  }
  if (script !== undefined) {
    if (type === 'shell') return { type, action: script };
    if (type === undefined || type === 'script') return { type: 'script', action: '', script };
    const message =
      type === 'agent'
        ? 'An agent step has no "script"; give it `args: {prompt: …}`.'
        : 'A builtin step has no "script"; use `type: script`.';
    problems.add({ path: [...path, 'script'], message, atKey: true });
    return undefined;
  }
  if (action === undefined) {
    problems.add({ path, message: 'A step needs an "action" or a "script".' });
    return undefined;
  }
  return { type: type ?? stepForm(action), action };
}

/** A better message than a plain list for a type that is another version's or misspelt. True when it reported. */
export function reportStepType(raw: unknown, path: KeyPath, problems: Problems): boolean {
  const type = asText(raw);
  const types: readonly string[] = stepTypes;
  if (typeof type !== 'string' || types.includes(type)) return false;
  const message = `"${type.slice(0, 60)}" is no type of a step, which is builtin, script, shell or agent${suggestion(type, types) || '.'}`;
  problems.add({ path, message });
  return true;
}

/** The message for a builtin that neither coppice nor the project has. */
export function unknownBuiltin(action: string, builtins: readonly string[]): string {
  const hint = suggestion(action, builtins) || '.';
  const missing = `"${action.slice(0, 60)}" is no builtin step and no script in .coppice/steps or .prj/steps${hint}`;
  return `${missing} To run a program of that name, write \`type: shell\`.`;
}
