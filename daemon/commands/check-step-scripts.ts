import type { Diagnostic } from '../../schemas/index.ts';
import type { FileReader } from '../tools/files.ts';
import { allSteps } from './definition.ts';
import type { ParsedCommand, ReadCommand } from './parse-command.ts';
import { createProblems } from './problems.ts';
import { resolveStepScript } from './resolve-step-script.ts';
import { unknownBuiltin } from './step-form.ts';

interface ScriptCheck {
  readonly files: FileReader;
  readonly builtins: readonly string[];
  readonly shippedStepsDir?: string;
  readonly projectPath: string;
  readonly parsed: ParsedCommand;
  readonly read: ReadCommand;
}

/** Steps that are neither builtin nor a script which the project has. Looked up anew each time: scripts come and go without the file changing. */
export async function checkStepScripts(check: ScriptCheck): Promise<readonly Diagnostic[]> {
  const { builtins, parsed, read } = check;
  const problems = createProblems(read.locate, read.path);
  for (const { type, action, script, index, credentials } of parsed.definition === undefined ? [] : allSteps(parsed.definition)) {
    if (credentials && type === 'builtin' && builtins.includes(action)) {
      const message = `The daemon runs "${action}" itself, so the step gets no credentials.`;
      problems.add({ path: [...(parsed.stepPaths[index - 1] ?? []), 'credentials'], message });
    }
    if (type === 'shell' || type === 'agent' || script !== undefined || (type === 'builtin' && builtins.includes(action))) continue;
    const found = await resolveStepScript(check, type, action);
    if (!('problem' in found)) continue;
    const path = parsed.stepPaths[index - 1] ?? [];
    const actionPath = path[0] === 'extends' ? path : [...path, 'action'];
    if (found.problem === 'outside') problems.add({ path: actionPath, message: `The script "${action}" lies outside the steps folders.` });
    else if (type === 'builtin') problems.add({ path: actionPath, message: unknownBuiltin(action, builtins) });
    else {
      const message = `The script "${action}" is in neither .coppice/steps nor .prj/steps; to run a file of the project, write \`type: shell\`.`;
      problems.add({ path: actionPath, message });
    }
  }
  return problems.diagnostics;
}
