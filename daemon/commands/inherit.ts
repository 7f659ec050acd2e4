// `extends`: folds a file over its bases. Pure; the catalogue says which file has which name.
import { type CommandFile, type FileArgument, type FileStepList, stepsMarker } from './command-file.ts';
import type { LeaseWish } from './definition.ts';
import { stepLists } from './file-shape.ts';
import { suggestion } from './suggest.ts';

/** What the catalogue knows about a possible base. */
export interface BaseFile {
  readonly file: CommandFile | undefined;
  readonly broken: boolean;
}

export interface Bases {
  find(name: string): BaseFile | undefined;
  names(): readonly string[];
}

export const noBases: Bases = { find: () => undefined, names: () => [] };

const chainLimit = 20;

/** The file with everything it inherits, or why it cannot inherit. */
export function inherit(file: CommandFile, bases: Bases): { readonly file: CommandFile } | { readonly message: string } {
  const chain = [file];
  const names = [file.keys.name ?? '(no name)'];
  for (let base = file.keys.extends; base !== undefined; base = chain.at(-1)?.keys.extends) {
    const path = [...names, base].map((name) => `"${name}"`).join(' → ');
    if (names.includes(base)) return { message: `The command extends itself: ${path}.` };
    if (names.length > chainLimit) return { message: `The command has more than ${chainLimit} bases: ${path}.` };
    const found = bases.find(base);
    if (found === undefined) return { message: `No command is named "${base}" (${path})${suggestion(base, bases.names()) || '.'}` };
    if (found.broken || found.file === undefined) return { message: `The base "${base}" has errors of its own (${path}).` };
    chain.push(found.file);
    names.push(base);
  }
  // From the leaf down to the root: what a grandchild adds goes where its parent's own steps go.
  return { file: chain.reduce((child, base) => mergeFiles(base, child)) };
}

function mergeFiles(base: CommandFile, child: CommandFile): CommandFile {
  const { extends: _, abstract: __, ...inherited } = base.keys;
  const requires = [...new Set([...(inherited.requires ?? []), ...(child.keys.requires ?? [])])];
  const worktree = base.worktree || child.worktree ? { ...base.worktree, ...child.worktree } : undefined;
  const session = base.session || child.session ? { ...base.session, ...child.session } : undefined;
  return {
    keys: { ...inherited, ...child.keys, environment: { ...inherited.environment, ...child.keys.environment }, requires },
    arguments: mergeArguments(base.arguments, child.arguments),
    steps: mergeSteps(base, child),
    ...(base.leases || child.leases ? { leases: mergeLeases(base.leases ?? [], child.leases ?? []) } : {}),
    ...(worktree && { worktree }),
    ...(child.schedule && { schedule: child.schedule }),
    ...concurrencyOf(base, child),
    ...promptFolderOf(child.keys.prompt_file === undefined ? base : child),
    ...(session && {
      session: { ...session, environment: { ...base.session?.environment, ...child.session?.environment } },
    }),
  };
}

/** A schedule is not inherited: a variant of the nightly build is not another nightly build. */
function concurrencyOf(base: CommandFile, child: CommandFile): Pick<CommandFile, 'concurrency'> {
  const concurrency = base.concurrency || child.concurrency ? { ...base.concurrency, ...child.concurrency } : undefined;
  return concurrency ? { concurrency } : {};
}

function promptFolderOf({ promptFolder }: CommandFile): Pick<CommandFile, 'promptFolder'> {
  return promptFolder === undefined ? {} : { promptFolder };
}

/** By name and key by key, so that a child can change only the default. The base's order stays. */
function mergeArguments(base: readonly FileArgument[], child: readonly FileArgument[]): readonly FileArgument[] {
  const merged = new Map(base.map((argument) => [argument.keys.name, atExtends(argument)]));
  for (const argument of child) {
    const inherited = merged.get(argument.keys.name);
    merged.set(argument.keys.name, inherited ? { ...argument, keys: { ...inherited.keys, ...argument.keys } } : argument);
  }
  return [...merged.values()];
}

/** By key: a child's wish takes the place of its base's. */
function mergeLeases(base: readonly LeaseWish[], child: readonly LeaseWish[]): readonly LeaseWish[] {
  return [...new Map([...base, ...child].map((wish) => [wish.key.toUpperCase(), wish])).values()];
}

function mergeSteps(base: CommandFile, child: CommandFile): CommandFile['steps'] {
  const lists = stepLists.map((key) => [key, mergeList(base.steps[key], child.steps[key])] as const);
  return Object.fromEntries(lists) as CommandFile['steps'];
}

function mergeList(base: FileStepList, child: FileStepList): FileStepList {
  if (child.mode === 'replace') return child;
  const inherited = base.items.map((item) => (item === stepsMarker ? item : atExtends(item)));
  // The base's own mode stays: it speaks to the base's base, which is folded in next.
  const withItems = (items: FileStepList['items']): FileStepList => ({ mode: base.mode, items });
  if (child.mode === 'prepend') return withItems([...child.items, ...inherited]);
  const marker = inherited.indexOf(stepsMarker);
  if (marker < 0) return withItems([...inherited, ...child.items]);
  return withItems([...inherited.slice(0, marker), ...child.items, ...inherited.slice(marker + 1)]);
}

/** Inherited things stand in another file; in this one `extends` brings them. */
function atExtends<T extends { readonly path: readonly (string | number)[] }>(item: T): T {
  return { ...item, path: ['extends'] };
}
