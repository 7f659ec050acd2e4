import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';

export interface Remote {
  readonly name: string;
  /** Without any password. */
  readonly fetchUrl: string;
  readonly pushUrl: string;
}

/** Plumbing, not simple-git: many repositories have no remote, and simple-git waits 50 ms on that. */
export async function remotes(git: RunGit, repo: Repository): Promise<Remote[]> {
  return parseRemotes((await git.read(repo.mainCheckout, ['remote', '--verbose'])).stdout);
}

export function parseRemotes(text: string): Remote[] {
  const found = new Map<string, { fetch?: string; push?: string }>();
  for (const [, name, url, kind] of text.matchAll(/^(\S+)\t(.*) \((fetch|push)\)/gm)) {
    if (name === undefined || url === undefined) continue;
    const seen = found.get(name) ?? {};
    // The first of several push URLs stands for all.
    found.set(name, kind === 'fetch' ? { ...seen, fetch: url } : { push: url, ...seen });
  }
  return [...found].map(([name, { fetch = '', push = fetch }]) => ({
    name,
    fetchUrl: withoutPassword(fetch),
    pushUrl: withoutPassword(push),
  }));
}

/** Remotes are written to artifacts, and a URL may carry a token in either place of "user:password@". */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z+.-]*:\/\/)([^/@]*)@/i, (_, scheme: string, login: string) => {
    const isSsh = /ssh/i.test(scheme) && !login.includes(':');
    return isSsh ? `${scheme}${login}@` : scheme;
  });
}
