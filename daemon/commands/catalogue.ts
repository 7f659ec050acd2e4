// Which commands a project has: four layers of folders, the higher hiding the lower by name.
import { join } from 'node:path';
import { nearest } from '../../rpc/nearest.ts';
import { type CommandSummary, type Diagnostic, Failure } from '../../schemas/index.ts';
import type { FileReader } from '../tools/files.ts';
import { builtinCommands } from './builtin-commands.ts';
import { checkPrompt } from './check-prompt.ts';
import { checkSchedule } from './check-schedule.ts';
import { checkStepScripts } from './check-step-scripts.ts';
import { createCommandFiles, type LoadedCommand, loadedCommand } from './command-files.ts';
import { compact } from './compact.ts';
import type { CommandDefinition } from './definition.ts';
import type { Bases } from './inherit.ts';
import { inferKind } from './kind.ts';
import { type LayeredCommand, layerCommands } from './layers.ts';
import { finishCommand } from './parse-command.ts';
import { isBroken } from './problems.ts';

export interface CommandEntry {
  readonly name: string;
  readonly source: CommandSummary['source'];
  /** Absent for a built-in one. */
  readonly path?: string;
  /** From `.prj`: its steps get PRUNEJUICE_ variables too. */
  readonly legacy: boolean;
  readonly text: string;
  /** Of the file. */
  readonly sha256: string;
  readonly shadows: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Absent when any diagnostic is an error. */
  readonly definition?: CommandDefinition;
}

export interface Catalogue {
  /** All but abstract ones, by name; broken ones with what is wrong in them. */
  list(projectPath: string): Promise<readonly CommandEntry[]>;
  /** NOT_FOUND with suggestions; a broken or abstract one is given. */
  get(projectPath: string, name: string): Promise<CommandEntry>;
  /** A text that is not saved yet, against the commands of a project. */
  check(
    projectPath: string,
    text: string,
  ): Promise<{ readonly definition?: CommandDefinition; readonly diagnostics: readonly Diagnostic[] }>;
}

export interface CatalogueDeps {
  readonly files: FileReader;
  readonly now: () => number;
  /** Names of the builtin steps. */
  readonly builtins: readonly string[];
  readonly userDir: string;
  /** What is wrong with a cron expression, if anything. */
  readonly cronProblem: (cron: string) => string | undefined;
  readonly builtinDir?: string;
  readonly shippedStepsDir?: string;
}

export function createCatalogue(deps: CatalogueDeps): Catalogue {
  const folders = createCommandFiles(deps);
  const shipped = builtinCommands.map((text) => loadedCommand(text));

  async function load(projectPath: string) {
    const read = async (...paths: string[]): Promise<readonly LoadedCommand[]> => {
      const lists: (readonly LoadedCommand[])[] = [];
      for (const path of paths) lists.push(await folders.readFolder(path));
      return lists.flat();
    };
    return layerCommands([
      { source: 'builtin', commands: [...shipped, ...(deps.builtinDir === undefined ? [] : await read(deps.builtinDir))] },
      { source: 'user', commands: await read(deps.userDir) },
      { source: 'prj', commands: await read(join(projectPath, '.prj/commands'), join(projectPath, '.prj/actions')) },
      { source: 'project', commands: await read(join(projectPath, '.coppice/commands')) },
    ]);
  }

  async function entry(command: LayeredCommand, bases: Bases, projectPath: string): Promise<CommandEntry> {
    const { loaded, source } = command;
    const parsed = loaded.finished ?? finishCommand(loaded.read, bases);
    if (loaded.read.file?.keys.extends === undefined) loaded.finished = parsed;
    const scripts = await checkStepScripts({ ...deps, projectPath, parsed, read: loaded.read });
    const prompt = await checkPrompt(parsed.definition, loaded.read, { files: deps.files, projectPath });
    const diagnostics = [
      ...command.diagnostics,
      ...parsed.diagnostics,
      ...scripts,
      ...prompt,
      ...checkSchedule(parsed.definition, loaded.read, deps.cronProblem),
    ];
    return compact({
      name: loaded.name,
      source,
      path: loaded.path,
      legacy: source === 'prj',
      text: loaded.text,
      sha256: loaded.sha256,
      shadows: command.shadows,
      diagnostics,
      definition: isBroken(diagnostics) ? undefined : parsed.definition,
    });
  }

  return {
    async list(projectPath) {
      const { commands, bases } = await load(projectPath);
      const entries: CommandEntry[] = [];
      for (const command of commands) entries.push(await entry(command, bases, projectPath));
      return entries.filter(({ definition }) => definition?.abstract !== true);
    },
    async get(projectPath, name) {
      const { winners, bases } = await load(projectPath);
      const found = winners.get(name);
      if (found !== undefined) return entry(found, bases, projectPath);
      const suggestions = nearest(name, [...winners.keys()]);
      const hint = suggestions[0] === undefined ? '.' : `; did you mean "${suggestions[0]}"?`;
      throw new Failure('NOT_FOUND', `No command is named "${name}"${hint}`, { details: { entity: 'command', id: name, suggestions } });
    },
    async check(projectPath, text) {
      const { bases } = await load(projectPath);
      const loaded = loadedCommand(text);
      const { definition, diagnostics } = await entry({ loaded, source: 'project', shadows: [], diagnostics: [] }, bases, projectPath);
      return definition === undefined ? { diagnostics } : { definition, diagnostics };
    },
  };
}

/** The definition to run; COMMAND_INVALID when there is none. */
export function runnable(entry: CommandEntry): CommandDefinition {
  const { name, definition, diagnostics } = entry;
  if (definition?.abstract) throw new Failure('COMMAND_INVALID', `The command "${name}" is abstract; it is there to be extended.`);
  if (definition !== undefined) return definition;
  const first = diagnostics.find(({ level }) => level === 'error');
  const place =
    first === undefined
      ? ''
      : ` ${[first.path, first.line, first.column].filter((part) => part !== undefined).join(':')}: ${first.message}`;
  throw new Failure('COMMAND_INVALID', `The command "${name}" cannot run.${place}`, { details: { diagnostics } });
}

export function commandSummary(entry: CommandEntry): CommandSummary {
  const { definition, name, source, path, shadows, diagnostics } = entry;
  const { kind, reason } = definition ? inferKind(definition) : { kind: 'standard' as const, reason: 'unknown while the file has errors' };
  return compact({
    name,
    description: definition?.description ?? '',
    category: definition?.category ?? 'workflow',
    kind,
    kindReason: reason,
    source,
    path,
    shadows: [...shadows],
    valid: definition !== undefined,
    diagnostics: [...diagnostics],
  });
}
