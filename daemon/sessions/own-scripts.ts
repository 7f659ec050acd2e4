// A project may have a step script of its own by the name of some builtins; then that is what runs.
import { allSteps, type CommandDefinition } from '../commands/definition.ts';
import { resolveStepScript } from '../commands/resolve-step-script.ts';
import type { FileReader } from '../tools/files.ts';
import { builtinNames } from './builtins/index.ts';

/** PruneJuice left these to scripts. */
const giveWay = ['session-destroy'];

/** The builtins that a command means when it names them: without those that a script of the project stands in for. */
export type BuiltinsFor = (projectPath: string, definition: CommandDefinition) => Promise<readonly string[]>;

export async function builtinsOf(files: FileReader, projectPath: string, definition: CommandDefinition): Promise<readonly string[]> {
  const named = giveWay.filter((name) => allSteps(definition).some(({ type, action }) => type === 'builtin' && action === name));
  if (named.length === 0) return builtinNames;
  const scripted = await Promise.all(
    named.map(async (name) => ('path' in (await resolveStepScript({ files, projectPath }, 'builtin', name)) ? [name] : [])),
  );
  return builtinNames.filter((name) => !scripted.flat().includes(name));
}
