// What must hold between models, agents and gates, as it is told of a file.
import { expect, test } from 'vitest';
import { load, told } from './fixture.ts';

const models = '[models.opus]\nprovider = "a"\nmodel = "o"\n[models.mini]\nprovider = "a"\nmodel = "m"\n';
const alias = (of: string, ...names: string[]) => `[${of}]\naliases = ${JSON.stringify(names)}\n`;

test.each([
  [
    'an alias twice',
    `${models}aliases = ["fast"]\n${alias('agents.claude', 'FAST')}`,
    'the alias "FAST" is taken by the model "mini"; aliases are unique over all names',
  ],
  [
    'an alias of an alias',
    `[models.opus]\nprovider = "a"\nmodel = "o"\naliases = ["mini"]\n[models.mini]\nprovider = "a"\nmodel = "m"\naliases = ["fast"]\n`,
    'the alias "mini" is the name of the model "mini"; an alias stands for one entry, never for a name or another alias',
  ],
  [
    'an alias that is a built-in name',
    alias('agents.claude', 'Codex'),
    'the alias "Codex" is the name of the agent "codex"; an alias stands for one entry, never for a name or another alias',
  ],
  [
    'a name with two underscores',
    '[models.a__b]\nprovider = "a"\nmodel = "o"\n',
    'must be 1 to 64 of a-z, 0-9, "_" and "-", begin with a letter and have no "__", not "a__b"',
  ],
  [
    'a name in capitals',
    '[agents.Mine]\nprotocol = "tui"\ncommand = ["x"]\n',
    'must be 1 to 64 of a-z, 0-9, "_" and "-", begin with a letter and have no "__", not "Mine"',
  ],
  ['a name that is too long', `[models.${'a'.repeat(65)}]\nprovider = "a"\nmodel = "o"\n`, /^must be 1 to 64 of a-z/],
  ['an alias with two underscores', alias('agents.claude', 'a__b'), /^must be 1 to 64 letters, digits and/],
  ['a gate of nobody', '[quality_gates.plan]\nmembers = []\n', 'expected a list of at least 1 items, got an empty list'],
  [
    'a gate of six',
    '[quality_gates.plan]\nmembers = ["claude", "codex", "gemini", "opencode", "shell", "claude"]\n',
    'expected a list of at most 5 items, got a list',
  ],
  [
    'a gate that needs more than it has',
    '[quality_gates.plan]\nmembers = ["claude", "codex"]\nrequired = 3\n',
    '3 of 2 members can never succeed; require at most 2',
  ],
  ['a gate that needs none', '[quality_gates.plan]\nmembers = ["claude"]\nrequired = 0\n', 'expected a number of at least 1, got 0'],
  ['a planner that is not there', '[spec_tasks]\nplanning_agent = "codx"\n', 'there is no agent "codx"; did you mean "codex"?'],
  [
    'an implementer that is disabled',
    '[agents.gemini]\nenabled = false\n[spec_tasks]\nimplementation_agents = ["codex", "gemini"]\n',
    'the agent "gemini" is disabled',
  ],
  ['a hook for no type of event', '[[hooks.events]]\non = "spec task"\nrun = ["x"]\n', /^must be a type of event/],
  ['a hook without a program', '[[hooks.events]]\non = "*"\nrun = []\n', /at least 1 items/],
  ['a member that is not there', '[quality_gates.plan]\nmembers = ["claude", "codx"]\n', 'there is no agent "codx"; did you mean "codex"?'],
  [
    'a member that is disabled',
    '[agents.gemini]\nenabled = false\n[quality_gates.plan]\nmembers = ["Gemini"]\n',
    'the agent "gemini" is disabled',
  ],
  [
    'a member that is a model',
    `${models}[quality_gates.plan]\nmembers = ["opus"]\n`,
    '"opus" is a model; a gate asks agents, so name one that uses it',
  ],
  ['a model that is not there', '[agents.claude]\nmodel = "opsu"\n', 'there is no model "opsu"'],
  ['a model that is disabled', `${models}enabled = false\n[agents.claude]\nmodel = "mini"\n`, 'the model "mini" is disabled'],
  ['a model that the program is not told', `${models}[agents.shell]\nmodel = "mini"\n`, /^nothing tells the program of "shell" its model/],
])('%s is an error of its own, with its line', async (_, user, message) => {
  const faults = await told({ user });
  expect(faults).toEqual([
    [expect.any(Number), expect.any(String), typeof message === 'string' ? message : expect.stringMatching(message)],
  ]);
});

test('all of them at once are all told', async () => {
  const user = `
[models.opus]
provider = "a"
model = "o"
aliases = ["o", "claude", "o"]
[models.B__ad]
provider = "a"
[agents.mine]
protocol = "acp"
command = ["x"]
model = "nobody"
[quality_gates.empty]
members = []
required = 2
[quality_gates.plan]
members = ["mine", "shel"]
required = 5
`;
  expect((await told({ user })).map(([line, key]) => [line, key])).toEqual([
    [5, 'models.opus.aliases.1'],
    [5, 'models.opus.aliases.2'],
    [6, 'models.B__ad'],
    [11, 'agents.mine.model'],
    [13, 'quality_gates.empty.members'],
    [16, 'quality_gates.plan.members.1'],
    [17, 'quality_gates.plan.required'],
  ]);
});

test('what is right is taken: aliases anywhere, a model and an agent of one name, a disabled agent with an unknown model', async () => {
  const user = `${models}aliases = ["fast", "Mini-4.1"]
[models.claude]
provider = "anthropic"
model = "c"
[agents.claude]
model = "FAST"
aliases = ["cc"]
[agents.old]
protocol = "tui"
command = ["/opt/old"]
model = "gone"
enabled = false
[quality_gates.plan]
members = ["CC", "codex", "shell"]
required = 2
timeout = 60
`;
  const { config } = await load({ user });
  expect(config.quality_gates.plan).toEqual({ members: ['CC', 'codex', 'shell'], required: 2, timeout: 60 });
});

test('a command may plan, and a default agent that is disabled is no fault of who never named it', async () => {
  const { config } = await load({ user: '[agents.claude]\nenabled = false\n[spec_tasks]\nplanning_agent = "command:plan"\n' });
  expect(config.spec_tasks).toMatchObject({ planning_agent: 'command:plan', implementation_agents: ['claude'], max_planning: 2 });
  expect(config.spec_tasks.limits).toEqual({
    ...{ spawn_depth: 3, children: 5, sessions_per_task: 20, spawns_per_minute: 10 },
    ...{ slots_per_task: 3, slots: 4 },
  });
});
