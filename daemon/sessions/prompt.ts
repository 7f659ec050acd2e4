import { Failure } from '../../schemas/errors.ts';
import type { ArgumentValues } from '../commands/arguments.ts';
import type { CommandEntry } from '../commands/catalogue.ts';
import type { CommandDefinition, SessionKind } from '../commands/definition.ts';
import { promptProblems, readPromptFile } from '../commands/prompt-file.ts';
import { createLookup, renderTemplate } from '../commands/template.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { FileReader } from '../tools/files.ts';

interface PromptFacts {
  readonly project: ProjectRecord;
  readonly entry: CommandEntry;
  readonly definition: CommandDefinition;
  readonly kind: SessionKind;
  readonly values: ArgumentValues;
}

/** The source of the prompt, once it is sure that it can be rendered: what only a running session knows counts as known here. */
export async function promptOf({ files }: { files: FileReader }, facts: PromptFacts): Promise<string | undefined> {
  const { project, entry, definition, kind, values } = facts;
  if (definition.promptFile === undefined) return undefined;
  const found = await readPromptFile({ files, projectPath: project.path }, definition.promptFile, definition.promptFolder);
  const problem = 'problem' in found ? found.problem : promptProblems(found.text, definition)[0];
  if ('problem' in found || problem !== undefined) {
    throw new Failure('COMMAND_INVALID', `The command "${entry.name}" cannot run: ${problem}`, {
      details: { promptFile: definition.promptFile },
    });
  }
  const later = { session_id: '', session_name: '', artifact_dir: '', timestamp: '', user: '' };
  const ofKind = {
    ...(kind === 'worktree' ? { branch: '', worktree_path: '' } : {}),
    ...(kind === 'standard' ? {} : { tmux_session: '' }),
  };
  const lookup = createLookup({
    arguments: values,
    declared: definition.arguments.map(({ name }) => name),
    variables: { project: project.name, project_path: project.path, command_name: entry.name, ...later, ...ofKind },
    data: kind === 'worktree' ? { branch_name: '' } : {},
  });
  renderTemplate(found.text, lookup);
  return found.text;
}
