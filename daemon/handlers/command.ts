import { shownArguments } from '../commands/arguments.ts';
import { commandSummary } from '../commands/catalogue.ts';
import { inferKind } from '../commands/kind.ts';
import { planSteps } from '../commands/plan.ts';
import { isBroken } from '../commands/problems.ts';
import type { HandlersOf } from '../server/connection.ts';
import { pageByName } from './page-by-name.ts';
import type { Services } from './services.ts';

export function commandHandlers({ projects, catalogue, sessions, config, policy, builtinsFor }: Services): HandlersOf<'command'> {
  return {
    'command.list': async ({ project, category, cursor, limit }) => {
      const entries = await catalogue.list((await projects.resolve(project)).path);
      const summaries = entries
        .filter((entry) => !entry.definition?.abstract)
        .map(commandSummary)
        .filter((summary) => category === undefined || summary.category === category)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, nextCursor } = pageByName(summaries, cursor, limit);
      return { commands: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'command.get': async ({ project, name }) => {
      const { path } = await projects.resolve(project);
      const entry = await catalogue.get(path, name);
      const { definition } = entry;
      const kind = definition && inferKind(definition).kind;
      return {
        ...commandSummary(entry),
        arguments: shownArguments(definition?.arguments ?? []),
        steps: definition && kind ? [...planSteps(definition, { kind, builtins: await builtinsFor(path, definition) })] : [],
        definition: definition ? { ...definition, arguments: shownArguments(definition.arguments) } : null,
        sha256: entry.sha256,
      };
    },
    'command.validate': async ({ project, name, text }) => {
      const { path } = await projects.resolve(project);
      const diagnostics =
        text !== undefined
          ? (await catalogue.check(path, text)).diagnostics
          : (name === undefined ? await catalogue.list(path) : [await catalogue.get(path, name)]).flatMap((entry) => entry.diagnostics);
      return { valid: !isBroken(diagnostics), diagnostics: [...diagnostics] };
    },
    'command.plan': async ({ project, name, arguments: given }) => {
      const prepared = await sessions.prepare({ project, command: name, arguments: given });
      const { definition, kind, worktree, masked, entry } = prepared;
      return {
        command: commandSummary(entry),
        arguments: masked,
        ...(worktree === undefined ? {} : { branch: worktree.branch }),
        ...(worktree?.base === undefined ? {} : { base: worktree.base }),
        timeoutSeconds: policy.boundSeconds(definition.timeoutSeconds ?? (await config.forProject(prepared.project.path)).sessions.timeout),
        steps: [...planSteps(definition, { kind, builtins: await builtinsFor(prepared.project.path, definition) })],
      };
    },
  };
}
