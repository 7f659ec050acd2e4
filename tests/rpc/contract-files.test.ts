import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { contractFiles } from '../../rpc/contract-files.ts';
import { typeText } from '../../rpc/type-text.ts';
import { Config } from '../../schemas/config.ts';
import { keyPaths } from '../../schemas/config-tree.ts';
import { events, methods } from '../../schemas/contract.ts';
import { errorTable } from '../../schemas/errors.ts';

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const files = contractFiles(version);

test.each(Object.keys(files))('schemas/%s is what "npm run docs" would write', (name) => {
  // Compared as lines: a difference shows where it is.
  expect(readFileSync(join(root, 'schemas', name), 'utf8').split('\n')).toEqual(files[name]?.split('\n'));
});

test('the reference tells of every method, event, error kind and config key', () => {
  const text = files['reference.md'] ?? '';
  for (const [name, { summary }] of Object.entries(methods)) expect(text).toContain(`#### ${name}\n\n${summary}`);
  for (const [name, { summary }] of Object.entries(events))
    expect(text.split('\n').find((line) => line.startsWith(`| \`${name}\``))).toContain(summary);
  for (const [kind, { summary }] of Object.entries(errorTable))
    expect(text.split('\n').find((line) => line.startsWith(`| \`${kind}\``))).toContain(summary);
  for (const path of keyPaths(() => ['<name>'])) {
    const part = text.slice(text.indexOf(`### [${path.slice(0, -1).join('.')}]`));
    expect(part).toContain(`| \`${path.at(-1)}\` |`);
  }
  expect(text).not.toContain('undefined');
  expect(text).not.toContain('[object');
});

test('every row of a table in the reference has as many cells as its header', () => {
  const lines = (files['reference.md'] ?? '').split('\n');
  const cells = (line: string): number => line.replaceAll('\\|', '').split('|').length;
  let width = 0;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('|')) width = 0;
    else if (width === 0) width = cells(line);
    else expect(cells(line), `line ${index + 1}`).toBe(width);
  }
});

test('the schema of the configuration takes what the daemon takes, and refuses what it refuses', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const validate = ajv.compile(JSON.parse(files['config.schema.json'] ?? '') as object);
  const samples: readonly unknown[] = [
    {},
    { sessions: { timeout: 60, max_running: 4, shell: '/bin/zsh' }, websocket: { port: 0, allowed_origins: [] } },
    { sessions: { timeot: 60 } },
    { sesions: {} },
    { websocket: { port: 70_000 } },
    { daemon: { log_level: 'loud' } },
    { hot_reload: { debounce_ms: 5 } },
    { events: 3 },
    { policy: { allow_executables: ['git'], max_runtime: 60 }, credentials: { hub: { env: 'HUB_TOKEN' } } },
    { credentials: { Hub: { env: 'HUB_TOKEN' } } },
    { auth: { hub: { issuer: 'https://hub.example', client_id: 'x' } } },
    { auth: { hub: { issuer: 'https://hub.example' } } },
  ];
  expect(samples.map((sample) => validate(sample))).toEqual(samples.map((sample) => Config.safeParse(sample).success));
  expect(JSON.parse(files['config.schema.json'] ?? '')).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
});

test.each([
  [{ type: 'string' }, 'string'],
  [{ type: 'string', format: 'date-time' }, 'time'],
  [{ enum: ['a', 1] }, '"a" | 1'],
  [{ const: 'x' }, '"x"'],
  [{ $ref: '#/components/schemas/Session' }, 'Session'],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
  [{ type: 'array' }, 'any[]'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }, { type: 'string' }] }, 'string | null'],
  [{ type: 'object', properties: { a: { type: 'integer' }, b: {} }, required: ['a'] }, '{ a: integer, b?: any }'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [name]: number }'],
  [{ type: 'object', additionalProperties: false }, '{}'],
])('%j reads as %s', (schema, text) => {
  expect(typeText(schema)).toBe(text);
});
