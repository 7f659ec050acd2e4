// The contract as a page to read: every method, event, error kind and config key.
import { Config } from '../schemas/config.ts';
import { callFields, mutationFields, scopeGrants } from '../schemas/define.ts';
import { errorTable, universalErrors } from '../schemas/errors.ts';
import { foreverMethods, protocol } from '../schemas/protocol.ts';
import { openRpcDocument } from './openrpc.ts';
import { type JsonSchema, membersOf, typeText } from './type-text.ts';

interface Document {
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: JsonSchema }[];
    readonly result: { readonly schema: JsonSchema };
    readonly errors: readonly { readonly $ref: string }[];
    readonly 'x-access': string;
    readonly 'x-effect': string;
  }[];
  readonly 'x-notifications': readonly { readonly name: string; readonly summary: string; readonly params: JsonSchema }[];
  readonly 'x-events': readonly { readonly name: string; readonly summary: string; readonly durable: boolean; readonly data: JsonSchema }[];
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** `configSchema` is the JSON Schema of the configuration file. */
export function referenceText(version: string, configSchema: JsonSchema): string {
  const document = openRpcDocument(version) as unknown as Document;
  const parts = [introduction(), methodsPart(document), shapesPart(document), eventsPart(document), errorsPart(), configPart(configSchema)];
  return `${parts.join('\n\n')}\n`;
}

function introduction(): string {
  return `# Reference

Written by \`npm run docs\` from the schemas beside it; a test compares, so change those instead.

Protocol ${protocol.min}${protocol.max > protocol.min ? ` to ${protocol.max}` : ''}. Parameters are passed by name; unknown ones are refused. \`name?\` may be left out. Results may get new
members at any time. ${foreverMethods.map(code).join(', ')} stay understood whatever the version.

Every method also takes ${fieldsText(callFields)}; one that changes something also takes ${fieldsText({ idempotencyKey: mutationFields.idempotencyKey })}.
Every method can fail with ${universalErrors.map(code).join(', ')}; what is listed with a method comes on top.

| scope of a token | opens the access levels |
|---|---|
${Object.entries(scopeGrants)
  .map(([scope, levels]) => `| ${scope} | ${levels.join(', ')} |`)
  .join('\n')}`;
}

function fieldsText(fields: Readonly<Record<string, { readonly description?: string | undefined }>>): string {
  return Object.entries(fields)
    .map(([name, { description = '' }]) => `${code(name)} (${description.replace(/\.$/, '')})`)
    .join(' and ');
}

function methodsPart({ methods }: Document): string {
  const nouns = [...new Set(methods.map(({ name }) => nounOf(name)))];
  return [
    '## Methods',
    ...nouns.flatMap((noun) => [`### ${noun}`, ...methods.filter(({ name }) => nounOf(name) === noun).map(methodText)]),
  ].join('\n\n');
}

function methodText(method: Document['methods'][number]): string {
  const own = method.params.filter(({ name }) => !(name in mutationFields));
  const universal: readonly string[] = universalErrors;
  const errors = method.errors.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1)).filter((kind) => !universal.includes(kind));
  return [
    `#### ${method.name}`,
    `${method.summary} *(access ${code(method['x-access'])}${method['x-effect'] === 'mutation' ? ', changes something' : ''})*`,
    own.length === 0 ? 'No parameters.' : table('parameter', own),
    resultText(method.result.schema),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.map(code).join(', ')}.`]),
  ].join('\n\n');
}

function resultText(schema: JsonSchema): string {
  if (typeof schema.$ref === 'string') return `Result: ${code(typeText(schema))}.`;
  const members = membersOf(schema);
  return members.length === 0 ? `Result: ${code(typeText(schema))}.` : table('result', members);
}

function shapesPart({ components }: Document): string {
  const shapes = Object.entries(components.schemas).map(([name, schema]) => `### ${name}\n\n${table('member', membersOf(schema))}`);
  return ['## Shapes', ...shapes].join('\n\n');
}

function eventsPart(document: Document): string {
  const events = document['x-events'].map(({ name, summary, durable, data }) =>
    row(code(name), durable ? 'yes' : 'no', summary, code(typeText(data))),
  );
  const notifications = document['x-notifications'].map(({ name, summary, params }) => row(code(name), summary, code(typeText(params))));
  return [
    '## Events',
    `A durable event has a sequence number and is in the log; another may be shed.\n\n${header('type', 'durable', 'when', 'data')}\n${events.join('\n')}`,
    '## Notifications',
    `${header('method', 'what', 'parameters')}\n${notifications.join('\n')}`,
  ].join('\n\n');
}

function errorsPart(): string {
  const rows = Object.entries(errorTable).map(([kind, { code: number, retryable, exit, summary }]) =>
    row(code(kind), String(number), retryable ? 'yes' : 'no', String(exit), summary),
  );
  return `## Errors\n\n${header('kind', 'code', 'retry', 'CLI exit', 'what')}\n${rows.join('\n')}`;
}

function configPart(schema: JsonSchema): string {
  const sections = membersOf(schema).map(({ name: section, schema: table }) => {
    // A section whose entries the user names tells the keys of one of them.
    const entry = table.additionalProperties;
    const isNamed = typeof entry === 'object' && entry !== null;
    const keys = membersOf(isNamed ? (entry as JsonSchema) : table).map(({ name, schema: key }) => {
      const standard = key.default === undefined ? '' : code(JSON.stringify(key.default));
      return row(code(name), code(typeText(key)), standard, String(key.reload), String(key.description));
    });
    return `### [${section}${isNamed ? '.<name>' : ''}]\n\n${header('key', 'type', 'default', 'takes effect', 'what')}\n${keys.join('\n')}`;
  });
  const sample = Object.keys(Config.shape)[0] ?? '';
  const variable = `COPPICE_${sample.toUpperCase()}__KEY`;
  return [
    `## Configuration\n\nTOML. A key of \`[${sample}]\` can also be set by the variable \`${variable}\`, which wins.`,
    ...sections,
  ].join('\n\n');
}

function table(
  title: string,
  members: readonly { readonly name: string; readonly required: boolean; readonly schema: JsonSchema }[],
): string {
  const rows = members.map(({ name, required, schema }) => {
    const standard = schema.default === undefined ? '' : `Default: ${code(JSON.stringify(schema.default))}.`;
    const isOptional = !required || schema.default !== undefined;
    return row(code(`${name}${isOptional ? '?' : ''}`), code(typeText(schema)), [schema.description, standard].filter(Boolean).join(' '));
  });
  return `${header(title, 'type', 'what')}\n${rows.join('\n')}`;
}

function header(...titles: readonly string[]): string {
  return `${row(...titles)}\n|${titles.map(() => '---|').join('')}`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function nounOf(method: string): string {
  return method.slice(0, method.indexOf('.'));
}
