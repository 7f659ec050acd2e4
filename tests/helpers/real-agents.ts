// Real coding agents in tests: installed in exact versions into a cache (tests/real-agents), talking to a model stub on loopback, with a
// home of their own. Nothing of the user's is read or written, and nothing leaves the machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installedPlace, programsMissing } from './installed.ts';

export const realAgents = ['claude', 'codex', 'claude-agent-acp', 'codex-acp'] as const;
export type RealAgent = (typeof realAgents)[number];

export function programOf(agent: RealAgent): string {
  return join(installedPlace('tests/real-agents'), 'node_modules', '.bin', agent);
}

/** For `skipIf`: says why tests are skipped, and throws where all of them are wanted. */
export function realAgentsMissing(): boolean {
  return programsMissing(Object.fromEntries(realAgents.map((agent) => [agent, programOf(agent)])), 'npm run agents');
}

export interface AgentHomeOptions {
  /** A directory of the test, which goes away with it. */
  readonly home: string;
  /** URL of the model stub. */
  readonly model: string;
  /** Directories that the agents trust, so that nobody is asked. */
  readonly trusted: readonly string[];
}

const apiKey = 'sk-ant-stub';

/** Writes the settings of all agents; answers the whole environment to run any of them in. */
export function setUpAgentHome({ home, model, trusted }: AgentHomeOptions): Record<string, string> {
  const claudeDir = join(home, 'claude');
  const codexDir = join(home, 'codex');
  const temp = join(home, 'tmp');
  for (const directory of [claudeDir, codexDir, temp]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Agent\n\temail = agent@example.org\n');
  writeFileSync(join(claudeDir, '.claude.json'), claudeSettings(trusted));
  writeFileSync(join(codexDir, 'config.toml'), codexSettings(model, trusted));
  return {
    ...{ HOME: home, TMPDIR: temp, LANG: 'C.UTF-8', SHELL: '/bin/bash', TERM: 'xterm-256color' },
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    ...{ GIT_CONFIG_GLOBAL: join(home, '.gitconfig'), GIT_CONFIG_NOSYSTEM: '1' },
    // Whatever wants to go further than this machine finds nobody there.
    ...{ HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1,localhost' },
    ...{ CLAUDE_CONFIG_DIR: claudeDir, ANTHROPIC_BASE_URL: model, ANTHROPIC_API_KEY: apiKey, CLAUDE_CODE_MAX_RETRIES: '1' },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1' },
    ...{ CODEX_HOME: codexDir, OPENAI_API_KEY: 'stub', NO_BROWSER: '1' },
  };
}

/** Answers the questions of a first start. */
function claudeSettings(trusted: readonly string[]): string {
  const trust = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] };
  return JSON.stringify({
    ...{ hasCompletedOnboarding: true, theme: 'dark', numStartups: 5 },
    customApiKeyResponses: { approved: [apiKey], rejected: [] },
    projects: Object.fromEntries(trusted.map((directory) => [directory, trust])),
  });
}

function codexSettings(model: string, trusted: readonly string[]): string {
  return [
    'model = "stub-model"',
    'model_provider = "stub"',
    'check_for_update_on_startup = false',
    'approval_policy = "on-request"',
    'sandbox_mode = "danger-full-access"',
    '[model_providers.stub]',
    'name = "stub"',
    `base_url = "${model}/v1"`,
    'wire_api = "responses"',
    'env_key = "OPENAI_API_KEY"',
    'request_max_retries = 0',
    'stream_max_retries = 0',
    '[analytics]',
    'enabled = false',
    ...trusted.map((directory) => `[projects.${JSON.stringify(directory)}]\ntrust_level = "trusted"`),
  ].join('\n');
}
