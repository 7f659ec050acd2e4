// The prompt of a command: a file of the project, read anew for each look, and what can be said about it before it is rendered.
import { isAbsolute, join, resolve, sep } from 'node:path';
import { limits } from '../../schemas/limits.ts';
import type { FileReader } from '../tools/files.ts';
import type { CommandDefinition } from './definition.ts';
import { inferKind } from './kind.ts';
import { templateFaults, templateUses, templateVariables, unknownVariable } from './template.ts';

export interface PromptPlace {
  readonly files: Pick<FileReader, 'stat' | 'realPath' | 'readFile'>;
  readonly projectPath: string;
}

export type PromptSource = { readonly path: string; readonly text: string } | { readonly problem: string };

/** From the root of the project, then `.coppice/`, `.prj/`, then beside the file that names it; the first that is there counts. */
export async function readPromptFile({ files, projectPath }: PromptPlace, promptFile: string, folder?: string): Promise<PromptSource> {
  const named = `The prompt file "${promptFile.slice(0, 200)}"`;
  try {
    const roots = (await Promise.all([projectPath, folder].map((path) => path && files.realPath(path)))).filter(
      (root) => !!root,
    ) as string[];
    const own = folder === undefined ? [] : [folder];
    for (const from of [projectPath, join(projectPath, '.coppice'), join(projectPath, '.prj'), ...own]) {
      const path = await files.realPath(isAbsolute(promptFile) ? promptFile : resolve(from, promptFile));
      if (path === undefined) continue;
      if (!roots.some((root) => path.startsWith(root + sep))) return { problem: `${named} lies outside the project.` };
      const text = await readText(files, path);
      return typeof text === 'string' ? { path, text } : { problem: `${named} ${text.problem}.` };
    }
    return { problem: `${named} is neither in the project nor in its .coppice or .prj folder, nor beside the command.` };
  } catch (error) {
    return { problem: `${named} cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}.` };
  }
}

async function readText(files: PromptPlace['files'], path: string): Promise<string | { problem: string }> {
  const stat = await files.stat(path);
  // Opening a pipe would wait for its writer.
  if (stat?.kind !== 'file') return { problem: 'is no regular file' };
  if (stat.sizeBytes > limits.promptFileBytes) return { problem: `is larger than ${limits.promptFileBytes} bytes` };
  const bytes = await files.readFile(path);
  if (bytes === undefined) return { problem: 'was just deleted' };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'is not UTF-8' };
  }
}

/** What is wrong with the templates of a prompt, as far as the command tells. It is rendered before the first step runs. */
export function promptProblems(text: string, definition: CommandDefinition): readonly string[] {
  const { kind } = inferKind(definition);
  const names = definition.arguments.map(({ name }) => name);
  const secrets = definition.arguments.filter(({ secret }) => secret).map(({ name }) => name);
  const known = [...names, ...templateVariables, 'data.branch_name'];
  const absent = [
    ...(kind === 'worktree' ? [] : ['branch', 'worktree_path', 'data.branch_name']),
    ...(kind === 'standard' ? ['tmux_session'] : []),
  ];
  const problems = templateUses(text).flatMap(({ name, fallback }) => {
    if (secrets.includes(name)) return [`The prompt names the secret argument "${name}"; secrets reach a step by its environment only.`];
    const isEmpty = (absent.includes(name) && !names.includes(name)) || (/^(data|steps)\../.test(name) && name !== 'data.branch_name');
    if (isEmpty && fallback === undefined)
      return [`The variable "${name}" has no value yet when the prompt is rendered, before the first step.`];
    return isEmpty || known.includes(name) ? [] : [unknownVariable(name, known)];
  });
  return [...new Set([...templateFaults(text), ...problems])];
}
