import type { Diagnostic } from '../../schemas/index.ts';
import type { CommandDefinition } from './definition.ts';
import type { ReadCommand } from './parse-command.ts';
import { createProblems } from './problems.ts';
import { type PromptPlace, promptProblems, readPromptFile } from './prompt-file.ts';
import { isMap } from './scalar.ts';

/** Whether the prompt of a command is there and can be rendered. Looked at anew each time: it changes without the command's file. */
export async function checkPrompt(
  definition: CommandDefinition | undefined,
  { locate, path, raw }: ReadCommand,
  place: PromptPlace,
): Promise<readonly Diagnostic[]> {
  if (definition?.promptFile === undefined) return [];
  const problems = createProblems(locate, path);
  const key = isMap(raw) && Object.hasOwn(raw, 'prompt_file') ? ['prompt_file'] : ['extends'];
  const found = await readPromptFile(place, definition.promptFile, definition.promptFolder);
  const messages =
    'problem' in found ? [found.problem] : promptProblems(found.text, definition).map((message) => `${found.path}: ${message}`);
  for (const message of messages) problems.add({ path: key, message });
  return problems.diagnostics;
}
