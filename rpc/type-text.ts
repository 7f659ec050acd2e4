// JSON Schema as a short type, for people: `{ id: string, status: "queued" | "running" }`.

export type JsonSchema = Readonly<Record<string, unknown>>;

export function typeText(schema: JsonSchema): string {
  const { $ref, const: literal, enum: values, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === 'string') return nameOf($ref);
  if (literal !== undefined) return JSON.stringify(literal);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  const choices = anyOf ?? oneOf ?? allOf;
  if (Array.isArray(choices)) return [...new Set((choices as JsonSchema[]).map(typeText))].join(' | ');
  if (type === 'array') return listText(schema);
  if (type === 'object') return objectText(schema);
  if (type === 'string' && schema.format === 'date-time') return 'time';
  return typeof type === 'string' ? type : 'any';
}

/** The name of a shape that a reference leads to. */
export function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

export interface Member {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export function membersOf(schema: JsonSchema): Member[] {
  const required = (schema.required ?? []) as readonly string[];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, member]) => ({
    name,
    required: required.includes(name),
    schema: member,
  }));
}

function listText({ items }: JsonSchema): string {
  const element = typeText((items ?? {}) as JsonSchema);
  return element.includes(' | ') ? `(${element})[]` : `${element}[]`;
}

function objectText(schema: JsonSchema): string {
  const members = membersOf(schema).map((member) => `${member.name}${member.required ? '' : '?'}: ${typeText(member.schema)}`);
  if (members.length > 0) return `{ ${members.join(', ')} }`;
  const { additionalProperties } = schema;
  return typeof additionalProperties === 'object' && additionalProperties !== null
    ? `{ [name]: ${typeText(additionalProperties as JsonSchema)} }`
    : '{}';
}
