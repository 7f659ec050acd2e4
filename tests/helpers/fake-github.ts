// Enough of GitHub for the real gh to open a pull request: its GraphQL questions, over a socket file that gh is told of.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

export interface Question {
  /** Of GraphQL: RepositoryInfo, PullRequestForBranch, PullRequestCreate. */
  readonly operation: string;
  readonly variables: Record<string, unknown>;
  readonly authorization: string | undefined;
}

export interface FakeGitHub extends AsyncDisposable {
  readonly questions: readonly Question[];
  /** For a gh that is logged in and talks to nobody else. */
  readonly env: Readonly<Record<string, string>>;
}

const repository = {
  id: 'R_shop',
  name: 'shop',
  owner: { login: 'owner' },
  viewerPermission: 'ADMIN',
  defaultBranchRef: { name: 'master' },
  parent: null,
};

/** `open` are the pull requests that are there; `created` is asked in the moment in which one is made. */
export async function startFakeGitHub(
  folder: string,
  { open = [], created }: { open?: readonly object[]; created(): Promise<string> },
): Promise<FakeGitHub> {
  const questions: Question[] = [];
  const answers: Readonly<Record<string, () => Promise<object>>> = {
    RepositoryInfo: async () => ({ repository }),
    PullRequestForBranch: async () => ({ repository: { pullRequests: { nodes: open }, defaultBranchRef: repository.defaultBranchRef } }),
    PullRequestCreate: async () => ({ createPullRequest: { pullRequest: { id: 'PR_7', url: await created() } } }),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { query = '', variables = {} } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { query?: string; variables?: object };
    const operation = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? `${request.method} ${request.url}`;
    questions.push({ operation, variables: { ...variables }, authorization: request.headers.authorization });
    const data = await answers[operation]?.();
    response.statusCode = data === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(data === undefined ? { message: 'Not Found' } : { data }));
  });
  const socketPath = join(folder, 'github.sock');
  const configDir = join(folder, 'gh');
  mkdirSync(configDir, { recursive: true });
  writeFileSync(join(configDir, 'config.yml'), `http_unix_socket: ${socketPath}\n`);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    questions,
    env: { GH_CONFIG_DIR: configDir, GH_TOKEN: 'secret-of-the-test', GH_NO_UPDATE_NOTIFIER: '1' },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
