// Names -> files: which file of which layer a name means. Pure.
import type { CommandSummary, Diagnostic } from '../../schemas/index.ts';
import type { LoadedCommand } from './command-files.ts';
import type { Bases } from './inherit.ts';
import { isBroken } from './problems.ts';

export interface Layer {
  readonly source: CommandSummary['source'];
  readonly commands: readonly LoadedCommand[];
}

export interface LayeredCommand {
  readonly loaded: LoadedCommand;
  readonly source: Layer['source'];
  /** Files of the same name in lower layers. */
  readonly shadows: readonly string[];
  /** What only the other files of the layer show to be wrong. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface LayeredCommands {
  /** By name; also the files that lost their name to another of their own layer. */
  readonly commands: readonly LayeredCommand[];
  readonly winners: ReadonlyMap<string, LayeredCommand>;
  readonly bases: Bases;
}

/** From the lowest layer to the highest. A broken file hides its own name below it too: running another command in its place would surprise. */
export function layerCommands(layers: readonly Layer[]): LayeredCommands {
  const winners = new Map<string, LayeredCommand>();
  const extras = new Map<string, LayeredCommand[]>();
  for (const { source, commands } of layers) {
    for (const [name, group] of groupByName(commands)) {
      const below = winners.get(name);
      const lower = [...(below ? [below] : []), ...(extras.get(name) ?? [])];
      const shadows = [...new Set(lower.flatMap(({ loaded, shadows }) => [loaded.path ?? 'built in', ...shadows]))];
      const named = group.filter(({ read }) => read.name !== undefined);
      // A file whose name cannot be read only may mean this one; it stands aside for those that surely do.
      const [first, ...rest] = [...named, ...group.filter(({ read }) => read.name === undefined)].map((loaded): LayeredCommand => {
        const diagnostics = named.length > 1 && loaded.read.name !== undefined ? [sameName(loaded, named)] : [];
        return { loaded, source, shadows, diagnostics };
      });
      if (first !== undefined) winners.set(name, first);
      extras.set(name, rest);
    }
  }
  const all = [...winners.values(), ...[...extras.values()].flat()];
  const commands = all.sort((a, b) => compare(a.loaded.name, b.loaded.name) || compare(a.loaded.path ?? '', b.loaded.path ?? ''));
  return { commands, winners, bases: basesOf(winners) };
}

function groupByName(commands: readonly LoadedCommand[]): ReadonlyMap<string, readonly LoadedCommand[]> {
  const groups = new Map<string, LoadedCommand[]>();
  for (const command of commands) groups.set(command.name, [...(groups.get(command.name) ?? []), command]);
  return groups;
}

function sameName(loaded: LoadedCommand, named: readonly LoadedCommand[]): Diagnostic {
  const paths = named.map(({ path = 'a built-in command' }) => path).join(' and ');
  const place = loaded.path === undefined ? {} : { path: loaded.path };
  return {
    level: 'error',
    message: `Two files are named "${loaded.name}": ${paths}.`,
    ...place,
    ...loaded.read.locate(['name']),
    key: 'name',
  };
}

function basesOf(winners: ReadonlyMap<string, LayeredCommand>): Bases {
  return {
    find(name) {
      const found = winners.get(name);
      if (found === undefined) return undefined;
      const { read } = found.loaded;
      return { file: read.file, broken: isBroken([...read.diagnostics, ...found.diagnostics]) };
    },
    names: () => [...winners.keys()],
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
