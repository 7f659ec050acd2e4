import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { openRpcDocument } from '../../rpc/openrpc.ts';
import { events, methods } from '../../schemas/contract.ts';
import { errorTable } from '../../schemas/errors.ts';

// Its types do not name what the module exports.
const { openrpcDocument: metaSchema } = createRequire(import.meta.url)('@open-rpc/meta-schema') as { openrpcDocument: object };
const document = openRpcDocument('1.2.3');

const jsonSchemaId = 'https://meta.json-schema.tools/';

/** What the OpenRPC meta-schema calls a JSON Schema lives on the network; draft 7, which we write, stands in for it. */
function metaSchemaOffline(): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({
    $id: jsonSchemaId,
    $ref: 'http://json-schema.org/draft-07/schema#',
    definitions: { JSONSchemaObject: { properties: { $ref: { type: 'string' } } } },
  });
  const text = JSON.stringify({ ...metaSchema, $schema: undefined }).replaceAll('"https://meta.json-schema.tools"', `"${jsonSchemaId}"`);
  return ajv.compile(JSON.parse(text) as object);
}

test('the document fits the OpenRPC meta-schema', () => {
  const validate = metaSchemaOffline();
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
});

test('the meta-schema refuses a document without methods, and a parameter that is no schema', () => {
  const validate = metaSchemaOffline();
  expect(validate({ ...document, methods: undefined })).toBe(false);
  const wrong = { name: 'x', params: [{ name: 'p', schema: { type: 'nonsense' } }] };
  expect(validate({ ...document, methods: [wrong] })).toBe(false);
});

test('every method and event is in it, each with its summary', () => {
  const listed = document.methods as { name: string; summary: string; 'x-access': string; 'x-effect': string }[];
  expect(listed.map(({ name }) => name)).toEqual(Object.keys(methods));
  for (const entry of listed) expect(entry.summary.length).toBeGreaterThan(0);
  expect((document['x-events'] as { name: string }[]).map(({ name }) => name)).toEqual(Object.keys(events));
  expect((document['x-notifications'] as { name: string }[]).map(({ name }) => name)).toContain('$/progress');
  expect(listed.find(({ name }) => name === 'session.start')).toMatchObject({ 'x-access': 'operate', 'x-effect': 'mutation' });
});

test('every reference points into the document', () => {
  const { schemas, errors } = document.components as { schemas: object; errors: object };
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(references.length).toBeGreaterThan(0);
  for (const reference of new Set(references)) {
    const [, kind, name] = /^#\/components\/(schemas|errors)\/(\w+)$/.exec(reference) ?? [];
    expect(kind === 'schemas' ? schemas : errors, reference).toHaveProperty(name ?? '?');
  }
  expect(Object.keys(schemas)).toContain('Session');
  expect(Object.keys(errors)).toEqual(Object.keys(errorTable));
});

test('every schema in it compiles', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const components = { $id: 'x:document', components: document.components };
  ajv.addSchema(components);
  const rebase = (value: unknown): object =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/components', '"x:document#/components')) as object;
  for (const method of document.methods as { params: { schema: object }[]; result: { schema: object } }[]) {
    for (const { schema } of [...method.params, method.result]) expect(() => ajv.compile(rebase(schema))).not.toThrow();
  }
});
