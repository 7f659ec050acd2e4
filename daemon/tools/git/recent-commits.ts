import { Failure } from '../../../schemas/errors.ts';
import { isCommit } from './git-files.ts';
import { head } from './refs.ts';
import { bulkMs, type RunGit } from './run-git.ts';

export interface RecentCommit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  /** ISO 8601, in the author's own time zone. */
  readonly authoredAt: string;
}

// simple-git wants every variable it hands on named, so git gets what a log can depend on and nothing else.
const passedOn = /^(?:PATH|HOME|XDG_CONFIG_HOME|USER|LOGNAME|LC_ALL|GIT_OPTIONAL_LOCKS|GIT_TERMINAL_PROMPT|GIT_CONFIG_.+)$/;

const separator = '\x1f';

/** The newest commits of a checkout. */
export async function recentCommits(git: RunGit, worktreePath: string, limit: number): Promise<RecentCommit[]> {
  // Besides sparing an error, this makes sure that the log prints something: simple-git waits 50 ms when nothing comes.
  if ((await head(git, worktreePath)).commit === undefined || limit < 1) return [];
  const env = Object.fromEntries(Object.entries(git.readEnv).filter(([name]) => passedOn.test(name)));
  // Loaded here, because only few sessions ask and it costs memory.
  const { simpleGit } = await import('simple-git');
  const client = simpleGit({
    baseDir: worktreePath,
    timeout: { block: bulkMs },
    // By default it reads no further 50 ms after the exit, and takes an exit code without a word on stderr for success.
    completion: { onClose: true, onExit: false },
    errors: (error, { exitCode, stdErr }) =>
      error ?? (exitCode === 0 ? undefined : asError(exitCode, Buffer.concat(stdErr).toString('utf8'))),
    allowEnvironment: Object.keys(env),
    // These guard against variables of strangers; ours come from the daemon's own environment.
    unsafe: { allowUnsafeConfigPaths: true, allowUnsafeConfigEnvCount: true },
  }).env(env);
  const format = { commit: '%H', author: '%aN', authoredAt: '%aI', subject: '%s' };
  const log = await client
    .log({ format, splitter: separator, '--max-count': limit, '--no-show-signature': null, '--encoding': 'UTF-8' })
    .catch(asFailure);
  // Its own markers (six ò) stand between the commits: a subject that has them ends there, and the rest must not become a commit.
  return log.all
    .filter(({ commit }) => isCommit(commit))
    .map(({ commit, subject, author, authoredAt }) => ({ commit, subject, author, authoredAt }));
}

function asError(exitCode: number, stderr: string): Error {
  const details = { tool: 'git', exitCode, stderrTail: stderr.slice(-4096) };
  return new Failure('TOOL_FAILED', `'git log' failed with exit code ${exitCode}: ${stderr.trim()}`, { details });
}

function asFailure(error: unknown): never {
  if (error instanceof Failure) throw error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('ENOENT'))
    throw new Failure('TOOL_MISSING', 'git is not installed.', { details: { tool: 'git', remedy: 'apt install git' }, cause: error });
  throw new Failure('TOOL_FAILED', `'git log' failed: ${message}`, { details: { tool: 'git' }, cause: error });
}
