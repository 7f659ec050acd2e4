// Requests that come from elsewhere: through gh, and from a real server over HTTP.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createSources } from '../../../daemon/spec-tasks/sources.ts';
import { fetchText } from '../../../daemon/tools/fetch-text.ts';
import type { ProcessTool } from '../../../daemon/tools/process.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';

type Answer = { readonly status?: number; readonly location?: string; readonly body: string | (() => string) };

async function serve(answers: Readonly<Record<string, Answer>>) {
  const asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers });
    const { status = 200, location, body }: Answer = answers[url] ?? { status: 404, body: 'no' };
    response.writeHead(status, location === undefined ? {} : { location }).end(typeof body === 'string' ? body : body());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, asked, [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed())) };
}

const noProcess: Pick<ProcessTool, 'runTool'> = { runTool: () => Promise.reject(new Failure('TOOL_MISSING', 'gh is not there.')) };
const sourcesWith = (more: Partial<Parameters<typeof createSources>[0]>) =>
  createSources({ process: noProcess, fetchText, environment: {}, ...more });

test('an issue on GitHub is asked of gh, and its title, body and address are the prompt', async () => {
  const calls: (readonly string[])[] = [];
  const runTool: ProcessTool['runTool'] = async (tool, args) => {
    calls.push([tool, ...args]);
    return { exitCode: 0, stdout: JSON.stringify({ title: 'It breaks', body: 'Always.\n', url: 'https://x/12' }), stderr: '' } as never;
  };
  expect(await sourcesWith({ process: { runTool } }).fetch('gh:acme/app#12', '/src')).toEqual({
    prompt: 'It breaks\n\nAlways.\n\nSource: https://x/12',
    source: { kind: 'github', key: 'acme/app#12' },
  });
  expect(calls).toEqual([['gh', 'issue', 'view', '12', '--repo', 'acme/app', '--json', 'title,body,url']]);
  await failureOf(sourcesWith({}).fetch('gh:acme/app#12', '/src'), 'TOOL_MISSING');
  const garbage = { runTool: async () => ({ exitCode: 0, stdout: 'no JSON', stderr: '' }) as never };
  await failureOf(sourcesWith({ process: garbage }).fetch('gh:acme/app#12', '/src'), 'TOOL_FAILED');
});

test('an issue in Jira is asked where the environment says, with its token', async () => {
  await using server = await serve({
    '/rest/api/2/issue/APP-7?fields=summary,description': { body: JSON.stringify({ fields: { summary: 'Slow', description: null } }) },
  });
  const environment = { JIRA_URL: `${server.base}/`, JIRA_TOKEN: 't0' };
  expect(await sourcesWith({ environment }).fetch('jira:APP-7', '/src')).toEqual({
    prompt: `Slow\n\nSource: ${server.base}/browse/APP-7`,
    source: { kind: 'jira', key: 'APP-7' },
  });
  expect(server.asked[0]?.headers.authorization).toBe('Bearer t0');
  await failureOf(sourcesWith({}).fetch('jira:APP-7', '/src'), 'PRECONDITION');
  await failureOf(sourcesWith({ environment }).fetch('jira:APP-8', '/src'), 'TOOL_FAILED');
});

test('a redirect to another server does not take the token along', async () => {
  await using other = await serve({ '/elsewhere': { body: JSON.stringify({ fields: { summary: 'Slow' } }) } });
  await using server = await serve({
    '/rest/api/2/issue/APP-7?fields=summary,description': { status: 302, location: `${other.base}/elsewhere`, body: '' },
  });
  const environment = { JIRA_URL: server.base, JIRA_TOKEN: 't0' };
  expect(await sourcesWith({ environment }).fetch('jira:APP-7', '/src')).toMatchObject({ prompt: expect.stringContaining('Slow') });
  expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('a page is taken as it is; no answer, a refusal and a page without end are failures', async () => {
  await using server = await serve({
    '/ask': { body: 'Greet people\n' },
    '/long': { body: () => 'x'.repeat(limits.planBytes + 1) },
    '/cut': { body: () => 'y'.repeat(limits.taskPromptChars + 10) },
  });
  const { fetch } = sourcesWith({});
  expect(await fetch(`${server.base}/ask`, '/src')).toEqual({
    prompt: `Greet people\n\nSource: ${server.base}/ask`,
    source: { kind: 'url', key: `${server.base}/ask` },
  });
  expect((await fetch(`${server.base}/cut`, '/src')).prompt).toHaveLength(limits.taskPromptChars);
  expect(await detailsOf(fetch(`${server.base}/gone`, '/src'), 'TOOL_FAILED')).toMatchObject({ tool: 'http' });
  expect((await failureOf(fetch(`${server.base}/long`, '/src'), 'TOOL_FAILED')).message).toContain('longer than');
  await failureOf(fetch('http://127.0.0.1:1/', '/src'), 'TOOL_FAILED');
});

test.each(['', 'gh:acme#12', 'gh:acme/app', 'gh:acme/app#x', 'jira:', 'jira:12', 'ftp://x/y', 'file:///etc/passwd', '--repo'])(
  '"%s" is no source',
  async (from) => {
    await failureOf(sourcesWith({}).fetch(from, '/src'), 'INVALID_PARAMS');
  },
);
