import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createGateService } from '../../../daemon/gates/service.ts';
import type { GateFacts, NewGroup } from '../../../daemon/groups/service.ts';
import { createAvailability } from '../../../daemon/models/availability.ts';
import { createRegistry } from '../../../daemon/models/registry.ts';
import { Config, type ConfigInput } from '../../../schemas/config.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const agent = (program: string, more: object = {}) => ({
  protocol: 'headless' as const,
  command: [program, '--print', '{{ no template }}'],
  ...more,
});

/** A folder with a program "there", and a gate service whose groups are only noted. */
function setUp(config: ConfigInput) {
  const dir = createTempDir();
  writeFileSync(dir.at('there'), '#!/bin/sh\n');
  chmodSync(dir.at('there'), 0o755);
  let current = Config.parse(config);
  const started: { wish: NewGroup; gate: GateFacts | undefined }[] = [];
  const service = createGateService({
    configured: () => current.quality_gates,
    agents: createRegistry(() => current).agents,
    availability: createAvailability((program, path) => createTestProcessTool({}).which(program, path)),
    ownEnvironment: {},
    groups: {
      start: async (wish, _, gate) => {
        started.push({ wish, gate });
        return {} as never;
      },
    },
  });
  const run = (name: string, more: { prompt?: string; environment?: Record<string, string> } = {}) =>
    service.run({ name, project: 'p', prompt: 'Is it right?', environment: { PATH: dir.at('') }, ...more }, { actor: 'owner' });
  const change = (next: ConfigInput): void => {
    current = Config.parse(next);
  };
  return { dir, service, run, change, started, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

const two: ConfigInput = {
  agents: { one: agent('there', { aliases: ['Uno'] }), two: agent('there') },
  quality_gates: { audit: { members: ['uno', 'two'], required: 1, timeout: 90 }, plan: { members: ['two'] } },
};

test('a run is a quorum of sessions, one an agent, with its argv as it is registered at this moment and the prompt as it stands', async () => {
  using setup = setUp(two);
  await setup.run('audit', { prompt: 'What is {{ this }}?' });
  const [{ wish, gate } = {}] = setup.started;
  expect(wish).toMatchObject({ kind: 'quorum', required: 1, timeoutMs: 90_000, failFast: false });
  expect(gate).toEqual({ gate: 'audit', agents: ['one', 'two'] });
  const [first] = wish?.starts ?? [];
  expect(first?.request).toMatchObject({ project: 'p', command: 'gate-member', arguments: { agent: 'one' } });
  expect(first?.extras?.own).toMatchObject({
    prompt: 'What is {{ this }}?',
    definition: { timeoutSeconds: 0, steps: [{ name: 'one', type: 'agent', argv: ['there', '--print', '{{ no template }}'] }] },
  });
});

test('gates are listed by name, with whom they ask and what is in the way', () => {
  using setup = setUp({
    agents: { one: agent('there'), screen: { protocol: 'tui', command: ['there'] }, off: agent('there', { enabled: false }) },
    quality_gates: { b: { members: ['one', 'screen', 'off', 'gone'] }, a: { members: ['ONE'] }, c: { members: ['one'] } },
  });
  const { service } = setup;
  expect(service.get('b')).toEqual({
    name: 'b',
    required: 4,
    timeoutMs: 1_800_000,
    members: [
      { name: 'one', agent: 'one' },
      { name: 'screen', problem: expect.stringContaining('"headless"') },
      { name: 'off', problem: expect.stringContaining('disabled') },
      { name: 'gone', problem: expect.stringContaining('no agent "gone"') },
    ],
  });
  expect(service.list().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(service.get('a').members).toEqual([{ name: 'ONE', agent: 'one' }]);
});

test('every member must resolve and be able to run before anything starts', async () => {
  using setup = setUp(two);
  await expect(setup.run('audi')).rejects.toMatchObject({ kind: 'NOT_FOUND', details: { entity: 'gate', suggestions: ['audit'] } });
  await expect(setup.run('constructor')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  setup.change({ ...two, agents: { one: agent('there'), tow: agent('there') } });
  await expect(setup.run('plan')).rejects.toMatchObject({
    kind: 'MODEL_UNKNOWN',
    details: { available: ['one', 'tow'], suggestions: ['tow'] },
  });
  setup.change({ ...two, agents: { one: agent('there'), two: agent('not-there') } });
  await expect(setup.run('plan')).rejects.toMatchObject({ kind: 'TOOL_MISSING', details: { tool: 'not-there' } });
  setup.change({ ...two, agents: { two: agent('there', { env: ['API_KEY', 'PATH'] }) } });
  await expect(setup.run('plan')).rejects.toMatchObject({
    kind: 'PRECONDITION',
    message: expect.stringContaining('API_KEY'),
    details: { reason: 'missing_variable', variables: ['API_KEY'] },
  });
  setup.change({ ...two, agents: { two: { protocol: 'acp', command: ['there'] } } });
  await expect(setup.run('plan')).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'not_headless' } });
  expect(setup.started).toEqual([]);
});

test('a prompt is bounded in bytes', async () => {
  using setup = setUp(two);
  await expect(setup.run('plan', { prompt: 'ü'.repeat(limits.promptFileBytes / 2 + 1) })).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED' });
  await setup.run('plan', { prompt: 'ü'.repeat(limits.promptFileBytes / 2) });
  expect(setup.started).toHaveLength(1);
});
