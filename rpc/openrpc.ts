// The contract as an OpenRPC document: what `rpc.discover` answers.
import { z } from 'zod';
import { events, methods } from '../schemas/contract.ts';
import type { EventDef, Method } from '../schemas/define.ts';
import { type ErrorKind, errorTable, universalErrors } from '../schemas/errors.ts';
import { notifications } from '../schemas/event.ts';

type JsonSchema = Record<string, unknown>;

export function openRpcDocument(version: string): Record<string, unknown> {
  const components: Record<string, JsonSchema> = {};
  return {
    openrpc: '1.3.2',
    info: {
      title: 'coppice',
      version,
      description: 'JSON-RPC 2.0 over a Unix socket or a WebSocket. Parameters are passed by name.',
    },
    methods: Object.entries(methods).map(([name, method]) => describeMethod(name, method as Method, components)),
    'x-notifications': Object.entries(notifications).map(([name, { summary, params }]) => ({
      name,
      summary,
      params: toSchema(params, 'output', components),
    })),
    'x-events': Object.entries(events as Record<string, EventDef>).map(([name, event]) => ({
      name,
      summary: event.summary,
      durable: event.durable,
      data: toSchema(event.data, 'output', components),
    })),
    components: { schemas: components, errors: Object.fromEntries(errorKinds.map((kind) => [kind, describeError(kind)])) },
  };
}

const errorKinds = Object.keys(errorTable) as ErrorKind[];

function describeMethod(name: string, method: Method, components: Record<string, JsonSchema>): Record<string, unknown> {
  const params = toSchema(method.params, 'input', components) as { properties?: Record<string, JsonSchema>; required?: string[] };
  return {
    name,
    summary: method.summary,
    paramStructure: 'by-name',
    params: Object.entries(params.properties ?? {}).map(([field, schema]) => describeField(field, schema, params.required ?? [])),
    result: { name: `${name}.result`, schema: toSchema(method.result, 'output', components) },
    errors: [...new Set([...method.errors, ...universalErrors])].map((kind) => ({ $ref: `#/components/errors/${kind}` })),
    'x-access': method.access,
    'x-effect': method.effect,
  };
}

function describeField(name: string, schema: JsonSchema, required: readonly string[]): Record<string, unknown> {
  const { description } = schema;
  return { name, ...(typeof description === 'string' && { description }), required: required.includes(name), schema };
}

function describeError(kind: ErrorKind): Record<string, unknown> {
  const { code, summary, retryable } = errorTable[kind];
  return { code, message: summary, data: { kind, retryable } };
}

/** Shapes that have an id go to the components, once, and are referred to from everywhere else. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Record<string, JsonSchema>): JsonSchema {
  const {
    $schema: _dialect,
    definitions,
    ...own
  } = z.toJSONSchema(schema, { target: 'draft-7', io, unrepresentable: 'any' }) as JsonSchema;
  for (const [id, shape] of Object.entries((definitions as Record<string, JsonSchema> | undefined) ?? {})) {
    components[id] ??= redirect(shape) as JsonSchema;
  }
  return redirect(own) as JsonSchema;
}

/** References inside one schema become references into the document. */
function redirect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redirect);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' && typeof part === 'string' ? part.replace('#/definitions/', '#/components/schemas/') : redirect(part),
    ]),
  );
}
