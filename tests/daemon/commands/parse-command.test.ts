import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../../daemon/commands/parse-command.ts';
import { limits } from '../../../schemas/limits.ts';
import { brief, definitionOf, fixture } from './fixture.ts';

describe('a command file', () => {
  test('of the old kind becomes one numbered sequence', async () => {
    const definition = definitionOf(await fixture('feature-branch'));
    expect(definition.steps.map(({ index, phase, type, name }) => [index, phase, type, name])).toEqual([
      [1, 'pre', 'builtin', 'setup-environment'],
      [2, 'pre', 'builtin', 'validate-prerequisites'],
      [3, 'main', 'builtin', 'gather-context'],
      [4, 'main', 'builtin', 'create-worktree'],
      [5, 'main', 'builtin', 'start-session'],
      [6, 'main', 'shell', 'echo made > f.txt; git add f.txt; git commit -qm made'],
      [7, 'post', 'builtin', 'store-artifacts'],
    ]);
    expect(definition.arguments).toEqual([{ name: 'feature_name', type: 'string', required: true, secret: false }]);
    expect(definition.worktree).toEqual({ declared: true, branch: 'feature/{{ feature_name }}' });
  });

  test('with every key resolves whole', async () => {
    const definition = definitionOf(await fixture('every-key'));
    expect(definition).toMatchSnapshot();
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  });

  test('keeps scalars as they are written', async () => {
    const { environment, steps, arguments: declared, session } = definitionOf(await fixture('every-key'));
    expect(environment).toMatchObject({ VERSION: '1.10', ANSWER: 'yes', HEX: '0x1F', EMPTY: '', TRUE_: 'true' });
    expect(steps[1]?.env).toEqual({ LEVEL: '010' });
    expect(steps[2]?.args).toMatchObject({ depth: 3, tag: '1.10' });
    expect(session.environment).toEqual({ PORT: '08080' });
    expect(declared.find(({ name }) => name === 'version')?.default).toBe('1.10');
    expect(declared.find(({ name }) => name === 'dry')?.default).toBe(true);
  });

  test('with five errors gives five located diagnostics', async () => {
    const parsed = parseCommand(await fixture('five-errors'), { path: '/p/five-errors.yaml' });
    expect(parsed.definition).toBeUndefined();
    expect(brief(parsed)).toEqual([
      '2:1 descripton "descripton" is no key of a command; did you mean "description"?',
      '3:10 timeout "timeout" must be a number of seconds.',
      '5:43 arguments[0].default The default of "count" must be a whole number.',
      '7:11 steps[0].type "shel" is no type of a step, which is builtin, script, shell or agent; did you mean "shell"?',
      '9:5 steps[1].action Values are not put into the text of a step; instead of "{{ count }}" write "$COPPICE_ARG_COUNT".',
    ]);
    expect(parsed.diagnostics.every(({ path }) => path === '/p/five-errors.yaml')).toBe(true);
  });

  test('is warned about when its file has another name', () => {
    const parsed = parseCommand('name: a\nsteps: [date]\n', { path: '/p/b.yml' });
    expect(parsed.definition?.name).toBe('a');
    expect(parsed.diagnostics).toMatchObject([{ level: 'warning', line: 1, column: 7, key: 'name' }]);
  });

  test.each([
    ['', 'A command file is a map'],
    ['- a', 'A command file is a map'],
    ['steps: [date]', 'has no "name"'],
    ['name:\nsteps: [date]', 'has no "name"'],
    ['name: A b\nsteps: [date]', '"name" must be lower-case'],
    ['name: a', 'no step at all'],
    ['name: a\nsteps: []\ncleanup_on_failure: [date]', 'no step at all'],
    ['name: a\nsteps: date', '"steps" must be a list'],
    ['name: a\nsteps: [date]\nsteps: [who]', 'The key "steps" stands here a second time'],
    ['name: a\n---\nname: b', 'A second YAML document'],
    ['name: [a', 'The YAML is wrong'],
    ['name: a\nsteps: [*x]', 'No anchor is named "x"'],
    ['name: a\nsteps: &x [*x]', 'alias holds itself'],
    ['name: !!binary aGk=\nsteps: [date]', 'The YAML is wrong: Unresolved tag'],
    ['name: a\nsteps: [date]\nschedule: {timezone: UTC}', 'The schedule has no "cron"'],
    ['name: a\nsteps: [date]\nschedule: {cron: "* * * * *", timezone: Mars/North}', '"Mars/North" is no time zone'],
    ['name: a\nsteps: [date]\nschedule: {cron: "* * * * *", overlap: twice}', 'must be one of skip, queue'],
    ['name: a\nsteps: [date]\narguments: [{name: k, secret: true}]\nschedule: {cron: "* * * * *", arguments: {k: x}}', 'is a secret'],
    ['name: a\nsteps: [date]\nconcurrency: {limit: 0}', 'must not be below 1'],
    ['name: a\nsteps: [date]\nconcurrency: {group: "a b"}', '"group" must be lower-case'],
    ['name: a\nsteps: [date]\nconcurrency: {gruop: x}', 'is no key of a concurrency; did you mean "group"?'],
    ['name: a\nsteps: [{action: date, when: "x =="}]', 'ends too early'],
    ['name: a\nsteps: [{action: date, when: "steps.b.status"}, {action: date, id: a}]', 'No step has the id "b"'],
    ['name: a\nsteps: [{action: date, id: a}, {action: date, when: "steps.a.state"}]', 'A step has no "state"'],
    ['name: a\narguments: [deploy]\nsteps: [{action: date, when: deply}]', 'did you mean "deploy"?'],
    ['name: a\nsteps: [{action: date, retry: {max_attempts: 21}}]', 'must not be above 20'],
    ['name: a\nsteps: [{action: date, retry: {on: [0]}}]', 'must be exit codes'],
    ['name: a\nsteps: [{action: date, retry: {jitter: 2}}]', 'a number from 0 to 1'],
    ['name: a\nsteps: [{type: agent, action: x}]', 'The agent has no prompt'],
    ['name: a\nprompt_file: p\nsteps: [{type: agent, action: x -p}]', 'by its program alone'],
    ['name: a\nprompt_file: p\nsteps: [prompt-agent]', 'names no agent'],
    ['name: a\nprompt_file: p\nsteps: [{type: agent, action: x, args: {argv: {a: b}}}]', '"argv" must be a list'],
    ['name: a\narguments: [{name: k, secret: true}]\nsteps: [{type: agent, action: x, args: {prompt: "{{ k }}"}}]', 'secret argument "k"'],
    ['name: a\nsteps: [date]\nworktree: {existing: take}', 'must be one of refuse, reuse'],
    ['name: a\nsteps: [date]\nworktree: {copy: [{pattern: ../x}]}', 'must not lead out of the project'],
    ['name: a\nsteps: [date]\nworktree: {mcp_template: ../x}', 'must be the name in .mcp.<name>.json'],
    ['name: a\nsteps: [date]\nworktree: {copy: [{pattern: a, mod: symlink}]}', 'mod'],
    ['name: a\nsteps: [date]\nleases: [{key: a}]', 'needs a "key" and a "kind"'],
    ['name: a\nsteps: [date]\nleases: [{key: a, kind: port}, {key: A, kind: port}]', 'stands twice'],
    ['name: a\nsteps: [date]\nleases: [{key: a-b, kind: port}]', 'must be letters, digits and underscores'],
    ['name: a\nsteps: [date]\nleases: [{key: a, kind: name, value: "{{ nope }}"}]', 'No variable is named "nope"'],
    ['name: a\nsteps: [date]\nworktree: {brnch: x}', 'is no key of a worktree; did you mean "branch"?'],
    ['name: a\nsteps: [date]\nlifecycle: forever', 'must be one of standard, session, worktree'],
    ['name: a\nsteps: [date]\ntimeout: -1', 'must not be negative'],
    ['name: a\nsteps: [date]\nenvironment: [x]', '"environment" must be a map'],
    ['name: a\nsteps: [date]\nenvironment: {A=B: x}', 'is no name of an environment variable'],
    ['name: a\nsteps: [date]\nenvironment: {A: [x]}', '"A" must be text'],
    ['name: a\nsteps: ["a\\0b"]', 'NUL'],
    ['name: a\nsteps: [{args: {}}]', 'needs an "action" or a "script"'],
    ['name: a\nsteps: [{action: a, script: b}]', 'not both'],
    ['name: a\nsteps: [{action: a, id: x}, {action: b, id: x}]', 'The id "x" is taken'],
    ['name: a\nsteps: [{action: a, run_in: tmux}]', 'There is no terminal to run in'],
    ['name: a\nsteps: [date]\narguments: [x, x]', 'a second time'],
    ['name: a\nsteps: [date]\narguments: [a-b, a_b]', 'would both be $COPPICE_ARG_A_B'],
    ['name: a\nsteps: [date]\narguments: [{name: x, choices: [a], default: b}]', 'must be one of a'],
    ['name: a\nsteps: [date]\narguments: [{name: x, type: int}]', 'must be one of string, integer'],
    ['name: a\nsteps: [date]\nenvironment: {A: "{{ nme }}"}\narguments: [name]', 'No variable is named "nme"; did you mean "name"?'],
    ['name: a\nsteps: [date]\nenvironment: {A: "{{ name"}', 'is no template'],
    ['name: a\nsteps: [date]\nworktree: {branch: "{{ steps.x.y }}"}', 'No step has the id "x"'],
    ['name: a\nsteps: [{id: x, action: "true"}, {action: date, env: {A: "{{ steps.x.output }}"}}]', 'A step has no "output"'],
    ['name: a\narguments: [{name: k, secret: true}]\nsteps: [date]\nworktree: {branch: "x/{{ k }}"}', '"k" is secret'],
    ['name: a\narguments: [{name: k, secret: true}]\nsteps: [date]\nsession: {name_template: "x-{{ k }}"}', '"k" is secret'],
    ['name: a\narguments: [{name: k, secret: true}]\nsteps: [{action: date, working_directory: "{{ k }}"}]', '"k" is secret'],
    ['name: a\narguments: [{name: k, secret: true}]\nsteps: [{action: session-send, args: {text: ["{{ k }}"]}}]', '$COPPICE_ARG_K'],
    ['name: a\nsteps: [date]\nsession: {windows: [{name: w, command: "echo {{ user }}"}]}', 'Values are not put into'],
    ['name: a\nextends: b', 'No command is named "b" ("a" → "b")'],
  ])('is refused: %j', (text, message) => {
    const parsed = parseCommand(text);
    expect(parsed.definition).toBeUndefined();
    expect(brief(parsed).join('\n')).toContain(message);
    expect(parsed.diagnostics.every(({ line, column }) => (line ?? 0) > 0 && (column ?? 0) > 0)).toBe(true);
  });

  test.each([
    ['the braces of Go templates', 'name: a\nsteps: ["docker ps --format \'{{.Names}}{{end}}\'"]'],
    ['aliases', 'name: a\nenvironment: &e {A: b}\nsteps: [{action: date, env: *e}]'],
    ['words that YAML 1.1 took for booleans', 'name: a\nsteps: [{action: date, continue_on_error: yes}]'],
    ['a program that is called like a boolean', 'name: a\nsteps: [{type: shell, action: true}]'],
    ['an empty key', 'name: a\ndescription:\nenvironment:\npre_steps:\nsteps: [date]'],
  ])('may hold %s', (_, text) => {
    expect(brief(parseCommand(text))).toEqual([]);
  });
});

describe('hostile files', () => {
  const steps = (count: number) => `name: a\nsteps: [${Array.from({ length: count }, () => 'date').join(', ')}]`;
  const bomb = `name: a\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((key, index) => `${key}: &${key} [${`*${'abcdefghi'[index]},`.repeat(9)}]`)
    .join('\n')}`;
  test.each([
    ['a file that is too large', `name: a\n#${'x'.repeat(300_000)}`, 'larger than'],
    ['too many steps', steps(201), 'at most 200 steps'],
    ['deep nesting', `name: ${'['.repeat(200_000)}`, 'nested deeper'],
    ['deep block nesting', `${'- '.repeat(100_000)}`, 'nested deeper'],
    ['an alias bomb', bomb, 'aliases'],
  ])('%s is one diagnostic', (_, text, message) => {
    expect(brief(parseCommand(text)).join('\n')).toContain(message);
  });

  test('200 steps are fine', () => {
    expect(definitionOf(steps(200)).steps).toHaveLength(200);
  });

  test('keys named like parts of objects are only unknown keys', () => {
    const parsed = parseCommand('name: a\nsteps: [date]\n__proto__: {x: 1}\nconstructor: 1\nenvironment: {__proto__: x, toString: y}');
    expect(parsed.diagnostics.map(({ key }) => key)).toEqual(['__proto__', 'constructor']);
  });

  test.each(['|\n', '%\n', '- ? ', 'a: [\n', ','])('a file full of %j is not read to its end', (sign) => {
    const text = `name: a\nsteps: [${sign.repeat(limits.commandFileBytes / sign.length - 100)}`;
    expect(brief(parseCommand(text))).toEqual([`1:1  The YAML has more than ${limits.commandFileTokens} words and signs.`]);
  });

  test('thousands of problems are cut off', () => {
    const text = `name: a\n${Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n')}`;
    expect(parseCommand(text).diagnostics.length).toBeLessThan(210);
  });
});
