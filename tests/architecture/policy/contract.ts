// Rules about the contract as it stands in the sources: what is declared is also handled and told, and the other way round.
import type { SourceFile } from '../../helpers/source-files.ts';
import type { Rule } from './check.ts';
import { announcedEvents, type Declaration, declarationsBy, type Finding, handledNames } from './find.ts';

interface Contract {
  readonly methods: ReadonlySet<string>;
  readonly handled: ReadonlySet<string>;
  /** Whether an event is durable, by its type. */
  readonly events: ReadonlyMap<string, boolean>;
  /** How events are told: `append session.finished`. */
  readonly announced: ReadonlySet<string>;
}

const read = new WeakMap<readonly SourceFile[], Contract>();

function contractOf(files: readonly SourceFile[]): Contract {
  const known = read.get(files);
  if (known) return known;
  const below = (folder: string): SourceFile[] => files.filter(({ path }) => path.startsWith(folder));
  const contract = {
    methods: new Set(below('schemas/').flatMap((file) => declarationsBy('defineMethod', file).map(({ name }) => name))),
    handled: new Set(below('daemon/handlers/').flatMap((file) => handledNames(file).map(({ name }) => name))),
    events: new Map(
      below('schemas/').flatMap((file) => declarationsBy('defineEvent', file).map((event) => [event.name, isDurable(event)])),
    ),
    announced: new Set(below('daemon/').flatMap((file) => announcedEvents(file).map(({ how, type }) => `${how} ${type}`))),
  };
  read.set(files, contract);
  return contract;
}

function isDurable({ keys }: Declaration): boolean {
  const durable = keys.get('durable');
  return !(durable?.type === 'Literal' && durable.value === false);
}

function at(line: number, what: string, isWrong: boolean): Finding[] {
  return isWrong ? [{ line, what }] : [];
}

const neverSeen = "/* 'thing.do': */ const text = \"'thing.do'\";\nexport const other = { 'thing.do': 1, do: define({}) };\n";

export const contractRules: readonly Rule[] = [
  {
    id: 'method-complete',
    says: 'A method has a summary, an access level, an effect, params, a result and a handler in daemon/handlers.',
    looksAt: ['schemas/'],
    allowed: [],
    finds: (file, all) =>
      declarationsBy('defineMethod', file).flatMap(({ name, line, keys }) => [
        ...['summary', 'access', 'effect', 'params', 'result'].flatMap((key) => at(line, `"${name}" has no ${key}`, !keys.has(key))),
        ...at(line, `"${name}" has no handler`, !contractOf(all).handled.has(name)),
      ]),
    broken: { path: 'schemas/thing.ts', text: "export const methods = { 'thing.do': defineMethod({ summary: 'Does.' }) };" },
    lookAlike: { path: 'schemas/thing.ts', text: `// 'thing.do': defineMethod({})\n${neverSeen}` },
  },
  {
    id: 'handler-declared',
    says: 'What is handled is a method of schemas.',
    looksAt: ['daemon/handlers/'],
    allowed: [],
    finds: (file, all) =>
      handledNames(file).flatMap(({ name, line }) =>
        at(line, `handles "${name}", which is not declared`, !contractOf(all).methods.has(name)),
      ),
    broken: { path: 'daemon/handlers/thing.ts', text: "export const handlers = { 'thing.do': () => ({}) };" },
    lookAlike: { path: 'daemon/handlers/thing.ts', text: `// 'thing.do': () => ({})\n${neverSeen}` },
  },
  {
    id: 'event-announced',
    says: 'An event of schemas is appended in the daemon, or emitted if it is not durable.',
    looksAt: ['schemas/'],
    allowed: [],
    finds: (file, all) =>
      declarationsBy('defineEvent', file).flatMap((event) => {
        const how = isDurable(event) ? 'append' : 'emit';
        return at(event.line, `nothing is there to ${how} "${event.name}"`, !contractOf(all).announced.has(`${how} ${event.name}`));
      }),
    broken: { path: 'schemas/thing.ts', text: "export const events = { 'thing.done': defineEvent({ summary: 'Done.' }) };" },
    lookAlike: { path: 'schemas/thing.ts', text: `// 'thing.done': defineEvent({})\n${neverSeen}` },
  },
  {
    id: 'event-declared',
    says: 'What is appended or emitted is an event of schemas, and only what is not durable is emitted.',
    looksAt: ['daemon/'],
    allowed: [],
    finds: (file, all) =>
      announcedEvents(file).flatMap(({ type, how, line }) => {
        const durable = contractOf(all).events.get(type);
        return at(line, `has ${how} of "${type}"`, durable === undefined || durable !== (how === 'append'));
      }),
    broken: { path: 'daemon/sessions/thing.ts', text: "w.events.append({ type: 'thing.done', subject: {} });" },
    lookAlike: {
      path: 'daemon/sessions/thing.ts',
      text: "// w.events.append({ type: 'thing.done' })\nw.events.append({ type: 'session.finished' });\nw.list.push({ type: 'thing.done' });\n",
    },
  },
];
