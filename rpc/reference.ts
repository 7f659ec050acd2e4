// The contract as a page to read: every method, event, error kind and config key.
import { callFields, mutationFields, scopeGrants } from '../schemas/define.ts';
import { errorTable, universalErrors } from '../schemas/errors.ts';
import { type Figure, figures } from '../schemas/figures.ts';
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
  const parts = [
    introduction(),
    ...[methodsPart(document), shapesPart(document), eventsPart(document), errorsPart(), figuresPart(), configPart(configSchema)],
  ];
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

function figuresPart(): string {
  const rows = Object.entries<Figure>(figures).map(([name, { kind, summary, by }]) =>
    row(code(by === undefined ? name : `${name}.<${by}>`), kind, summary),
  );
  const intro = `What \`daemon.metrics\` tells beside the durations of operations. For Prometheus \`store.bytes\` is \`coppice_store_bytes\`,
a counter ends in \`_total\`, and what stands in \`<>\` is a label.`;
  return `## Figures\n\n${intro}\n\n${header('name', 'kind', 'what')}\n${rows.join('\n')}`;
}

function configPart(schema: JsonSchema): string {
  return [
    '## Configuration',
    'TOML. A variable wins over the file: `COPPICE_HOT_RELOAD__MODE` sets `mode` of `[hot_reload]`, `COPPICE_MODELS__OPUS__TIER` sets `tier` of `[models.opus]`.',
    ...tablesOf(schema, []),
  ].join('\n\n');
}

/** The keys of a table, then the tables in it. */
function tablesOf(schema: JsonSchema, path: readonly string[]): string[] {
  const members = membersOf(schema);
  const isKey = (member: (typeof members)[number]): boolean => member.schema.reload !== undefined;
  const keys = members.filter(isKey).map(({ name, required, schema: member }) => {
    const standard = member.default === undefined ? (required ? 'required' : '') : code(JSON.stringify(member.default));
    const notes = [member.projectSafe === true ? 'Also in the file of a project.' : '', member.secret === true ? 'Shown to nobody.' : ''];
    const text = [String(member.description), ...notes].filter(Boolean).join(' ');
    return row(code(name), code(typeText(member)), standard, String(member.reload), text);
  });
  const own =
    keys.length === 0 ? [] : [`### [${path.join('.')}]\n\n${header('key', 'type', 'default', 'takes effect', 'what')}\n${keys.join('\n')}`];
  const entry = schema.additionalProperties;
  const inner = members.filter((member) => !isKey(member)).flatMap(({ name, schema: member }) => tablesOf(member, [...path, name]));
  return [...own, ...inner, ...(typeof entry === 'object' ? tablesOf(entry as JsonSchema, [...path, '<name>']) : [])];
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
