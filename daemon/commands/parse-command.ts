import { basename, dirname, extname } from 'node:path';
import { type Diagnostic, limits } from '../../schemas/index.ts';
import { checkArguments } from './check-arguments.ts';
import { checkAgents, checkConditions } from './check-steps.ts';
import { checkTemplates } from './check-templates.ts';
import { type CommandFile, type FileStep, readCommandFile } from './command-file.ts';
import { allSteps, type CommandDefinition } from './definition.ts';
import { type Bases, inherit, noBases } from './inherit.ts';
import { inferKind } from './kind.ts';
import { createProblems, isBroken, type KeyPath, type Locate } from './problems.ts';
import { resolveDefinition } from './resolve-definition.ts';
import { isMap } from './scalar.ts';
import { readYaml } from './yaml-source.ts';

/** A file on its own: everything that can be known without its bases. */
export interface ReadCommand {
  readonly file: CommandFile | undefined;
  readonly name: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly locate: Locate;
  readonly raw: unknown;
  readonly path: string | undefined;
}

export interface ParsedCommand {
  /** Absent when any diagnostic is an error. */
  readonly definition?: CommandDefinition;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the steps stand, by index - 1: for what can only be found out later. */
  readonly stepPaths: readonly KeyPath[];
}

export function parseCommand(text: string, options: { readonly path?: string; readonly bases?: Bases } = {}): ParsedCommand {
  return finishCommand(readCommand(text, options.path), options.bases ?? noBases);
}

/** Never throws: whatever a file holds, the answer is a diagnostic. */
export function readCommand(text: string, path?: string): ReadCommand {
  const { value, locate, problems } = readYaml(text, path);
  if (value === undefined) return { file: undefined, name: undefined, diagnostics: problems.diagnostics, locate, raw: value, path };
  const written = readCommandFile(value, problems);
  const file = written && (path === undefined ? written : { ...written, promptFolder: dirname(path) });
  const name = file?.keys.name;
  const stem = path === undefined ? undefined : basename(path, extname(path));
  if (name !== undefined && stem !== undefined && name !== stem) {
    const message = `The command is named "${name}" but its file "${stem}"; the name counts.`;
    problems.add({ path: ['name'], message, level: 'warning' });
  }
  return { file, name, diagnostics: problems.diagnostics, locate, raw: value, path };
}

/** Adds the bases, resolves, and checks what only the whole can show. */
export function finishCommand(read: ReadCommand, bases: Bases): ParsedCommand {
  const { file, locate, raw, path } = read;
  if (file === undefined) return { diagnostics: read.diagnostics, stepPaths: [] };
  // What is inherited stands in another file; here it came with `extends`.
  const problems = createProblems((at, atKey) => locate(stands(raw, at) ? at : ['extends'], atKey), path);
  const inherited = inherit(file, bases);
  const merged = 'file' in inherited ? inherited.file : file;
  if ('message' in inherited) problems.add({ path: ['extends'], message: inherited.message });
  const complete = 'file' in inherited;

  const { definition, origins } = resolveDefinition(merged);
  checkArguments(file, merged, definition.arguments, problems);
  checkTemplates({ definition, origins, problems, complete });
  checkSteps(definition, origins, problems);
  checkAgents({ definition, origins, problems, complete });
  checkConditions({ definition, origins, problems, complete });
  checkSchedule(definition, problems);
  if (definition.steps.length === 0 && complete && !definition.abstract && !isBroken(read.diagnostics)) {
    problems.add({ path: [], message: 'The command has no step at all.' });
  }
  const diagnostics = [...read.diagnostics, ...problems.diagnostics].sort(byPlace);
  const stepPaths = origins.map((origin) => origin.path);
  return isBroken(diagnostics) ? { diagnostics, stepPaths } : { definition, diagnostics, stepPaths };
}

function checkSteps(definition: CommandDefinition, origins: readonly FileStep[], problems: ReturnType<typeof createProblems>): void {
  if (origins.length > limits.stepsPerCommand) {
    problems.add({ path: ['steps'], message: `A command has at most ${limits.stepsPerCommand} steps, not ${origins.length}.` });
  }
  const { kind, reason } = inferKind(definition);
  const ids = new Set<string>();
  for (const step of allSteps(definition)) {
    const path = origins[step.index - 1]?.path ?? [];
    if (step.runIn === 'tmux' && kind === 'standard') {
      const message = `There is no terminal to run in, because the command is standard (${reason}); say \`lifecycle: session\`.`;
      problems.add({ path: [...path, 'run_in'], message });
    }
    for (const name of Object.keys(step.credentials ?? {}).filter((variable) => Object.hasOwn(step.env, variable))) {
      problems.add({ path: [...path, 'credentials', name], message: `The variable "${name}" stands in "env" too.` });
    }
    if (step.id !== undefined && ids.has(step.id)) problems.add({ path: [...path, 'id'], message: `The id "${step.id}" is taken.` });
    if (step.id !== undefined) ids.add(step.id);
  }
}

/** Whoever reads the file, or the list of schedules, would read the secret too. */
function checkSchedule({ schedule, arguments: declared }: CommandDefinition, problems: ReturnType<typeof createProblems>): void {
  const given = Object.keys(schedule?.arguments ?? {});
  for (const { name } of declared.filter(({ name, secret }) => secret && given.includes(name))) {
    const message = `"${name}" is a secret; a schedule cannot give it.`;
    problems.add({ path: ['schedule', 'arguments', name], message });
  }
}

function stands(raw: unknown, path: KeyPath): boolean {
  const [first] = path;
  return first === undefined || !isMap(raw) || Object.hasOwn(raw, first) || !Object.hasOwn(raw, 'extends');
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
