// Prepared requests: what a kind of task always says. Some are built in; a project adds its own in .coppice/task-templates/*.yaml.
import { join } from 'node:path';
import { z } from 'zod';
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { readYaml } from '../commands/yaml-source.ts';
import type { FileReader } from '../tools/files.ts';

const Template = z.strictObject({
  description: z.string().max(limits.nameChars).default(''),
  prompt: z
    .string()
    .min(1)
    .max(limits.taskPromptChars)
    .describe('What every request of this kind says; {{prompt}} is what the caller says.'),
  plan: z.string().max(limits.planBytes).optional().describe('A skeleton that the planner fills in.'),
  verify: z.array(z.string().min(1).max(limits.argumentBytes)).max(20).default([]),
  agents: z.array(z.string().min(1).max(64)).min(1).max(20).optional(),
});
type Template = z.output<typeof Template>;

export interface TaskTemplate {
  readonly promptFor: (text: string) => string;
  /** It says nothing by itself. */
  readonly needsText: boolean;
  readonly agents?: readonly string[];
}

export interface TaskTemplates {
  /** Throws NOT_FOUND with near names, CONFIG_INVALID for a file that is none. */
  get(projectPath: string, name: string): Promise<TaskTemplate>;
}

const builtin: Readonly<Record<string, Pick<Template, 'prompt'> & Partial<Template>>> = {
  feature: {
    prompt:
      '{{prompt}}\n\nBuild this as a user would expect it, with tests for what it does and for wrong input, and mention it in the documentation.',
  },
  bugfix: {
    prompt:
      '{{prompt}}\n\nFind the cause first. Write a test that fails because of it, then mend the cause and not the symptom, and look for the same mistake elsewhere.',
  },
  refactor: {
    prompt: '{{prompt}}\n\nThe behaviour stays as it is: the tests that there are pass before and after, unchanged.',
  },
  investigation: {
    prompt: '{{prompt}}\n\nChange no source. Write what you find, with evidence, to docs/investigations/, and say what you do not know.',
  },
};

export function createTaskTemplates({ files }: { readonly files: Pick<FileReader, 'readFile' | 'readDir'> }): TaskTemplates {
  const folderOf = (projectPath: string): string => join(projectPath, '.coppice', 'task-templates');
  return {
    async get(projectPath, name) {
      const folder = folderOf(projectPath);
      const own = /^[\w.-]+$/.test(name) ? await files.readFile(join(folder, `${name}.yaml`)) : undefined;
      if (own !== undefined) return usable(parsed(Buffer.from(own).toString('utf8'), join(folder, `${name}.yaml`)));
      const found = builtin[name];
      if (found) return usable(Template.parse(found));
      const theirs = ((await files.readDir(folder)) ?? [])
        .filter((file) => file.endsWith('.yaml'))
        .map((file) => file.slice(0, -'.yaml'.length));
      const names = [...Object.keys(builtin), ...theirs];
      throw new Failure('NOT_FOUND', `There is no task template "${name}"; there are ${names.join(', ')}.`, {
        details: { entity: 'task template', id: name, suggestions: nearest(name, names) },
      });
    },
  };
}

function parsed(text: string, path: string): Template {
  const { value, problems } = readYaml(text, path);
  const [problem] = problems.diagnostics;
  if (problem) throw new Failure('CONFIG_INVALID', `"${path}" is no YAML: line ${problem.line}: ${problem.message}`);
  const { data, error } = Template.safeParse(value);
  if (data) return data;
  const [issue] = error.issues;
  throw new Failure('CONFIG_INVALID', `"${path}" is no task template: ${issue?.path.join('.') || 'it'} ${issue?.message}.`);
}

function usable({ prompt, plan, verify, agents }: Template): TaskTemplate {
  const parts = [
    (text: string) => (prompt.includes('{{prompt}}') ? prompt.replaceAll('{{prompt}}', () => text) : `${prompt}\n\n${text}`),
    () => (plan === undefined ? '' : `The plan has this form:\n\n${plan}`),
    () => (verify.length === 0 ? '' : `These commands must pass at the end:\n\n${verify.map((command) => `- ${command}`).join('\n')}`),
  ];
  const promptFor = (text: string): string =>
    parts
      .map((part) => part(text).trim())
      .filter((part) => part !== '')
      .join('\n\n');
  return { promptFor, needsText: prompt.includes('{{prompt}}'), ...(agents === undefined ? {} : { agents }) };
}
