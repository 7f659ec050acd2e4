// Where a request can come from beside a prompt: an issue on GitHub, in Jira, or any page.
import { z } from 'zod';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { FetchText } from '../tools/fetch-text.ts';
import type { ProcessTool } from '../tools/process.ts';

export interface Fetched {
  readonly prompt: string;
  readonly source: NonNullable<SpecTask['source']>;
}

export interface Sources {
  /** Throws INVALID_PARAMS for what is no source, TOOL_FAILED or TOOL_MISSING when it can not be fetched. */
  fetch(from: string, projectPath: string): Promise<Fetched>;
}

export interface SourceDeps {
  readonly process: Pick<ProcessTool, 'runTool'>;
  readonly fetchText: FetchText;
  /** JIRA_URL, and JIRA_TOKEN or JIRA_USER with it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const Issue = z.object({ title: z.string(), body: z.string().nullish(), url: z.string().optional() });
const JiraIssue = z.object({ fields: z.object({ summary: z.string(), description: z.string().nullish() }) });

export function createSources({ process, fetchText, environment }: SourceDeps): Sources {
  const github = async (key: string, projectPath: string): Promise<Fetched> => {
    const [repository, number] = key.split('#') as [string, string];
    const { stdout } = await process.runTool('gh', ['issue', 'view', number, '--repo', repository, '--json', 'title,body,url'], {
      cwd: projectPath,
    });
    const { title, body, url } = shaped(Issue, stdout, `gh issue view ${key}`);
    return { prompt: textOf(title, body, url), source: { kind: 'github', key } };
  };
  const jira = async (key: string): Promise<Fetched> => {
    const base = environment.JIRA_URL?.replace(/\/+$/, '');
    if (base === undefined) {
      throw new Failure('PRECONDITION', `Set JIRA_URL in the environment of the daemon to fetch "${key}".`, {
        details: { reason: 'no_jira_url' },
      });
    }
    const url = `${base}/rest/api/2/issue/${encodeURIComponent(key)}?fields=summary,description`;
    const answer = await fetchText(url, { accept: 'application/json', ...authorization(environment) });
    const { fields } = shaped(JiraIssue, answer, url);
    return { prompt: textOf(fields.summary, fields.description, `${base}/browse/${key}`), source: { kind: 'jira', key } };
  };
  return {
    async fetch(from, projectPath) {
      const issue = /^gh:([\w.-]+\/[\w.-]+#\d{1,9})$/.exec(from)?.[1];
      if (issue !== undefined) return github(issue, projectPath);
      const key = /^jira:([A-Za-z][A-Za-z0-9_]*-\d{1,9})$/.exec(from)?.[1];
      if (key !== undefined) return jira(key);
      if (URL.canParse(from) && /^https?:$/.test(new URL(from).protocol)) {
        const text = await fetchText(from);
        return { prompt: cut(`${text.trim()}\n\nSource: ${from}`), source: { kind: 'url', key: from } };
      }
      throw new Failure('INVALID_PARAMS', `"${from}" is no source; give gh:owner/repo#12, jira:KEY-12 or an http(s) URL.`, {
        details: { issues: [{ path: ['from'], message: 'is no source' }] },
      });
    },
  };
}

function authorization({ JIRA_TOKEN: token, JIRA_USER: user }: SourceDeps['environment']): Record<string, string> {
  if (token === undefined) return {};
  return { authorization: user === undefined ? `Bearer ${token}` : `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` };
}

function shaped<T>(schema: z.ZodType<T>, text: string, what: string): T {
  const found = schema.safeParse(parsedOr(text));
  if (found.success) return found.data;
  throw new Failure('TOOL_FAILED', `The answer of "${what}" is not what was expected.`, {
    details: { tool: 'http', answer: text.slice(0, 500) },
  });
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(title: string, body: string | null | undefined, url: string | undefined): string {
  return cut(
    [title, body?.trim(), url === undefined ? undefined : `Source: ${url}`]
      .filter((part) => part !== undefined && part !== '')
      .join('\n\n'),
  );
}

function cut(text: string): string {
  return text.slice(0, limits.taskPromptChars);
}
