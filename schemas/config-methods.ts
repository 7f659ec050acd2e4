import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Diagnostic, Ref } from './primitives.ts';

const Key = z.string().min(1).max(limits.nameChars);

/** Where a value comes from and what a change of it does. */
export const ConfigExplanation = z.object({
  key: z.string(),
  value: z.unknown().describe('In force; null for none; masked when it is secret.'),
  layer: z.enum(['default', 'snapshot', 'user', 'project', 'environment', 'flag']).describe('Which layer set it.'),
  path: z.string().optional().describe('The file, variable or flag that set it.'),
  line: z.int().optional(),
  column: z.int().optional(),
  default: z.unknown().describe('null for none.'),
  description: z.string(),
  reload: z
    .enum(['live', 'pinned', 'restart'])
    .describe('A change counts at once, for sessions that start after it, or for the next daemon.'),
  projectSafe: z.boolean().describe('The file of a project may set it.'),
  secret: z.boolean(),
  variable: z.string().describe('The environment variable of this key.'),
});
export type ConfigExplanation = z.output<typeof ConfigExplanation>;

export const configMethods = {
  'config.get': defineMethod({
    summary: 'The configuration in force, or one key of it; secrets are masked.',
    access: 'read',
    effect: 'read',
    params: { key: Key.optional(), project: Ref.optional().describe('As the sessions of this project see it.') },
    result: z.object({ version: z.int(), value: z.unknown() }),
    errors: ['NOT_FOUND', 'CONFIG_INVALID'],
  }),
  'config.explain': defineMethod({
    summary: 'One key: its value, the layer and place that set it, its default, and when a change takes effect.',
    access: 'read',
    effect: 'read',
    params: { key: Key, project: Ref.optional().describe('As the sessions of this project see it.') },
    result: ConfigExplanation,
    errors: ['NOT_FOUND', 'CONFIG_INVALID'],
  }),
  'config.validate': defineMethod({
    summary: 'Checks a file or a text, or else all layers as they stand now; changes nothing.',
    access: 'operate',
    effect: 'read',
    params: {
      path: AbsolutePath.optional().describe('A file; with text, only what to call it. .coppice/config.toml is one of a project.'),
      text: z.string().max(limits.configFileBytes).optional(),
    },
    result: z.object({ valid: z.boolean(), diagnostics: z.array(Diagnostic) }),
    errors: ['NOT_FOUND'],
  }),
  'config.schema': defineMethod({
    summary: 'The JSON Schema (draft 7) of the configuration file.',
    access: 'public',
    effect: 'read',
    params: {},
    result: z.record(z.string(), z.unknown()),
  }),
  'config.reload': defineMethod({
    summary: 'Reads the configuration again; a wrong file leaves the old one in force.',
    access: 'admin',
    effect: 'mutation',
    params: { now: z.boolean().default(false).describe('Also while a session runs, whatever hot_reload.mode says.') },
    result: z.object({
      version: z.int(),
      changedKeys: z.array(z.string()),
      restartRequired: z.array(z.string()),
      deferred: z.boolean().describe('It is valid and waits until no session runs.'),
    }),
    errors: ['CONFIG_INVALID'],
  }),
};

const ChangedKeys = z.array(z.string()).describe('The first ones, as far as there is room.');

export const configEvents = {
  'config.fileChanged': defineEvent({
    summary: 'A configuration file changed on disk.',
    durable: false,
    data: z.object({ path: z.string() }),
  }),
  'config.deferred': defineEvent({
    summary: 'A changed configuration is valid and waits until no session runs.',
    data: z.object({ keptVersion: z.int(), changedKeys: ChangedKeys }),
  }),
  'config.reloaded': defineEvent({
    summary: 'A new configuration is in force.',
    data: z.object({
      oldVersion: z.int(),
      newVersion: z.int(),
      changedKeys: ChangedKeys,
      restartRequired: z.array(z.string()),
    }),
  }),
  'config.reloadFailed': defineEvent({
    summary: 'A changed configuration is wrong; the old one stays in force.',
    data: z.object({ keptVersion: z.int(), errors: z.array(Diagnostic).describe('The first ones, as far as there is room.') }),
  }),
};
