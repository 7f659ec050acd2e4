import { Failure, isFailure } from '../../../schemas/errors.ts';
import { remotes } from './remotes.ts';
import type { Repository } from './repository.ts';
import { bulkMs, type RunGit } from './run-git.ts';

export interface OpenPullRequest {
  readonly repo: Repository;
  readonly worktreePath: string;
  readonly branch: string;
  readonly remote: string;
  readonly title: string;
  readonly body: string;
  readonly base?: string | undefined;
  readonly draft: boolean;
}

/** Pushes the branch, never by force, and opens a pull request with gh. Answers its address. */
export async function openPullRequest(git: RunGit, wanted: OpenPullRequest): Promise<string> {
  const { repo, worktreePath, branch, remote, title, body, base, draft } = wanted;
  // Nothing is pushed when the second half could not follow.
  await git.other('gh', ['--version']);
  const known = (await remotes(git, repo)).map(({ name }) => name);
  if (!known.includes(remote)) {
    throw new Failure('PRECONDITION', `"${repo.mainCheckout}" has no remote "${remote}"; add it with 'git remote add', or name another.`, {
      details: { reason: 'no_remote', remote, available: known },
    });
  }
  const ref = `refs/heads/${branch}`;
  await git.write(worktreePath, ['push', '--quiet', '--', remote, `${ref}:${ref}`], { timeoutMs: bulkMs });
  const options = [...(base === undefined ? [] : [`--base=${base}`]), ...(draft ? ['--draft'] : [])];
  const args = ['pr', 'create', `--title=${title}`, '--body-file=-', `--head=${branch}`, ...options];
  const { stdout, stderr } = await git.other('gh', args, { cwd: worktreePath, input: body, timeoutMs: bulkMs }).catch((cause: unknown) => {
    if (!isFailure(cause)) throw cause;
    const message = `${cause.message} The branch "${branch}" is on "${remote}" already; call again once that is mended.`;
    throw new Failure(cause.kind, message, { cause, ...(cause.details === undefined ? {} : { details: cause.details }) });
  });
  const url = /https?:\/\/\S+/.exec(stdout)?.[0];
  if (url !== undefined) return url;
  throw new Failure('TOOL_FAILED', "'gh pr create' told no address; look with 'gh pr list'.", {
    details: { tool: 'gh', exitCode: 0, stderrTail: stderr.slice(-4096) },
  });
}
