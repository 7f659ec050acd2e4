import { expect, test } from 'vitest';
import { type EnvironmentParts, inheritable, type StepFacts, stepEnvironment, variableName } from '../../../daemon/sessions/environment.ts';
import { virtualEnvOf } from '../../../daemon/sessions/virtual-env.ts';

const facts: StepFacts = {
  sessionId: 'ses_1',
  commandName: 'build',
  projectPath: '/src/demo',
  artifactDir: '/a',
  workingDirectory: '/src/demo/sub',
  stepName: 'compile',
  stepIndex: 3,
  outputFile: '/a/meta/stp_1.out',
  contextFile: '/a/meta/context.json',
  socket: '/run/coppice.sock',
  token: 'tok',
};

const build = (over: Partial<EnvironmentParts> = {}) =>
  stepEnvironment({ inherited: {}, definition: {}, step: {}, arguments: {}, stepArgs: {}, facts, legacy: false, ...over });

test.each([
  'COPPICE_HOME',
  'COPPICE_TOKEN',
  'COPPICE_SESSIONS__TIMEOUT',
  'TMUX',
  'TMUX_PANE',
  'NOTIFY_SOCKET',
  'LISTEN_FDS',
  'LISTEN_PID',
  'WATCHDOG_USEC',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
])('%s of the starting client reaches no step', (name) => {
  expect(inheritable({ [name]: 'x', PATH: '/bin' })).toEqual({ PATH: '/bin' });
  const built = build({ inherited: { [name]: 'x' } });
  expect(built[name]).not.toBe('x');
});

test.each(['PATH', 'HOME', 'MY_COPPICE_THING', 'SSH_AUTH_SOCK', 'NOTIFY_SOCKET_2', 'LANG'])('%s does', (name) => {
  expect(build({ inherited: { [name]: 'x' } })[name]).toBe('x');
});

test('the definition wins over the client, the step over the definition, and our own names over all', () => {
  const built = build({
    inherited: { A: 'client', B: 'client', C: 'client' },
    definition: { B: 'definition', C: 'definition', COPPICE_SESSION_ID: 'forged' },
    step: { C: 'step', COPPICE_TOKEN: 'forged' },
  });
  expect(built).toMatchObject({ A: 'client', B: 'definition', C: 'step', COPPICE_SESSION_ID: 'ses_1', COPPICE_TOKEN: 'tok' });
});

test('a step finds its own facts, and what there is not is not set', () => {
  expect(build()).toEqual({
    COPPICE_SESSION_ID: 'ses_1',
    COPPICE_COMMAND_NAME: 'build',
    COPPICE_PROJECT_PATH: '/src/demo',
    COPPICE_ARTIFACT_DIR: '/a',
    COPPICE_WORKING_DIRECTORY: '/src/demo/sub',
    COPPICE_STEP_NAME: 'compile',
    COPPICE_STEP_INDEX: '3',
    COPPICE_OUTPUT_FILE: '/a/meta/stp_1.out',
    COPPICE_CONTEXT_FILE: '/a/meta/context.json',
    COPPICE_SOCKET: '/run/coppice.sock',
    COPPICE_TOKEN: 'tok',
  });
  expect(build({ facts: { ...facts, promptFile: '/a/prompts/prompt.md' }, legacy: true })).toMatchObject({
    COPPICE_PROMPT_FILE: '/a/prompts/prompt.md',
    PRUNEJUICE_PROMPT_FILE: '/a/prompts/prompt.md',
  });
  const place = { worktreePath: '/w', branch: 'topic', tmuxSession: 'build-1', tmuxSocket: '/run/tmux.sock' };
  expect(build({ facts: { ...facts, ...place } })).toMatchObject({
    COPPICE_WORKTREE_PATH: '/w',
    COPPICE_BRANCH_NAME: 'topic',
    COPPICE_TMUX_SESSION: 'build-1',
    COPPICE_TMUX_SOCKET: '/run/tmux.sock',
  });
});

test('arguments and args of the step have names in upper case; what is no text is JSON', () => {
  const built = build({
    arguments: { COPPICE_ARG_TARGET: 'all' },
    stepArgs: { 'dry-run': true, level: 3, text: 'as it is', 'list.of': [1, 'a'], none: null },
  });
  expect(built).toMatchObject({
    COPPICE_ARG_TARGET: 'all',
    COPPICE_STEP_DRY_RUN: 'true',
    COPPICE_STEP_LEVEL: '3',
    COPPICE_STEP_TEXT: 'as it is',
    COPPICE_STEP_LIST_OF: '[1,"a"]',
    COPPICE_STEP_NONE: 'null',
  });
  expect(variableName('naïve-1.b')).toBe('NA_VE_1_B');
});

test('the steps of a PruneJuice file read the same under its names, except our socket and token', () => {
  const built = build({ legacy: true, arguments: { COPPICE_ARG_TARGET: 'all' }, stepArgs: { n: 1 } });
  const legacy = Object.fromEntries(Object.entries(built).filter(([name]) => name.startsWith('PRUNEJUICE_')));
  expect(legacy).toMatchObject({
    PRUNEJUICE_SESSION_ID: 'ses_1',
    PRUNEJUICE_PROJECT_PATH: '/src/demo',
    PRUNEJUICE_ARTIFACT_DIR: '/a',
    PRUNEJUICE_STEP_NAME: 'compile',
    PRUNEJUICE_STEP_N: '1',
    PRUNEJUICE_ARG_TARGET: 'all',
    PRUNEJUICE_ACTION_NAME: 'build',
    PRUNEJUICE_EVENT_ID: 'ses_1',
  });
  expect(legacy).not.toHaveProperty('PRUNEJUICE_TOKEN');
  expect(legacy).not.toHaveProperty('PRUNEJUICE_SOCKET');
  expect(Object.keys(build()).some((name) => name.startsWith('PRUNEJUICE_'))).toBe(false);
});

test('VIRTUAL_ENV of the client comes along only where it was found to hold; the definition decides', () => {
  const inherited = { VIRTUAL_ENV: '/src/demo/.venv' };
  expect(build({ inherited })).not.toHaveProperty('VIRTUAL_ENV');
  expect(build({ inherited, virtualEnv: '/w/.venv' }).VIRTUAL_ENV).toBe('/w/.venv');
  expect(build({ virtualEnv: '/w/.venv', definition: { VIRTUAL_ENV: '/own' } }).VIRTUAL_ENV).toBe('/own');
});

test('VIRTUAL_ENV is that of the worktree, else the client’s, unless that lies in another checkout', async () => {
  const checkouts = ['/src/demo', '/src/other', '/w'];
  const git = {
    findRepository: async (path: string) => {
      const worktreePath = checkouts.find((checkout) => path.startsWith(checkout));
      return worktreePath === undefined ? undefined : { worktreePath, mainCheckout: '/src/demo', gitCommonDir: '', isWorktree: false };
    },
  };
  const found = { kind: 'directory', sizeBytes: 0, modifiedMs: 0, changedMs: 0, inode: 1 } as const;
  const ask = (virtualEnv: string | undefined, place: { worktree?: object } = {}, own = false) =>
    virtualEnvOf({ project: { path: '/src/demo' }, secrets: { environment: { VIRTUAL_ENV: virtualEnv } }, ...place } as never, {
      git,
      files: { stat: async () => (own ? found : undefined) },
    });
  const inWorktree = { worktree: { path: '/w' } };
  expect(await ask('/src/demo/.venv')).toBe('/src/demo/.venv');
  expect(await ask('/src/other/.venv')).toBeUndefined();
  expect(await ask('/home/me/.venvs/x')).toBe('/home/me/.venvs/x');
  expect(await ask(undefined)).toBeUndefined();
  expect(await ask('/src/demo/.venv', inWorktree)).toBeUndefined();
  expect(await ask('/home/me/.venvs/x', inWorktree)).toBe('/home/me/.venvs/x');
  expect(await ask('/src/demo/.venv', inWorktree, true)).toBe('/w/.venv');
});
